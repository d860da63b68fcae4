"""``python -m scaling_study``."""

from scaling_study.cli import main

if __name__ == "__main__":
    main()
