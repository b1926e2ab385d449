#!/usr/bin/env python
"""Django's command line for this site."""

import os
import sys


def main() -> None:
    # Imported here: the sandbox's children run this file's top level, and stay small.
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)  # as the shell says it of a program that Ctrl-C ended


if __name__ == "__main__":
    main()
