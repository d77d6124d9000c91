"""The first rows or lines of what is in a repository. Files are not trusted: reading one must do no harm."""
