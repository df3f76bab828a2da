"""What lies in a folder."""


def names(folder):
    """Of files and folders in it."""
    return sorted(path.name for path in folder.iterdir())


def files(folder):
    """Of files in it and below, relative to it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
