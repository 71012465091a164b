"""The version of the package, which `setup.cfg` reads from here, and the address of its documentation."""

VERSION = "0.2.0"

DOCUMENTATION = "https://steptracer.readthedocs.io/en/latest/"


def page(name: str) -> str:
    """The address of a page of the documentation.

    >>> page("reference/operations")
    'https://steptracer.readthedocs.io/en/latest/reference/operations.html'
    """
    return f"{DOCUMENTATION}{name}.html"
