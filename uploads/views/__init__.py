"""The site's pages and actions: fetch by owner, check a form, call the lifecycle once, answer.

What is not yours is not there: both are 404. A form that was taken is answered by 303.
"""
