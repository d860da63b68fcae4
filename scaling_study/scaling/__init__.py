"""The arithmetic of scaling. Pure: no file, no network, no import from the rest of the package."""
