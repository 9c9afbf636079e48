"""`python -m asterisk_hotdesk` is the command `hotdesk`."""

from asterisk_hotdesk.cli import main

if __name__ == "__main__":
    main()
