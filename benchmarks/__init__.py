"""What rendering costs, beside other tools and in the sandbox; README.md says how to run it."""
