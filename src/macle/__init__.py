"""A digital Kimberley Process Certification Scheme that a government can run itself."""

__version__ = "0.1.0"
