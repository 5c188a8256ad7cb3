"""The error classes, nothing else.

Every error that a user can cause or cure is a `RegistryError`: its text says what is wrong, where (file, layer,
feature, column) and what to do. Anything else that is raised is a bug.
"""


class RegistryError(Exception):
    """Base of all errors this package foresees."""


class SourceError(RegistryError, ValueError):
    """A source cannot be read, or does not say what must be known to use it."""


class CheckFailed(RegistryError, ValueError):
    """An import is refused as a whole because of what the checks found."""


class StoreError(RegistryError):
    """The registry file cannot be used as asked."""


class NotARegistry(StoreError, ValueError):
    """The file is not a registry of this package."""


class UnknownLayer(StoreError, LookupError):
    """No such batch or layer in the registry."""


class DuplicateLayer(StoreError, ValueError):
    """The batch already has a layer of that kind, or the same source file."""


class DuplicateClaim(StoreError, ValueError):
    """There is a claim with that id already."""


class UnknownClaim(StoreError, LookupError):
    """There is no claim with that id."""


class UnknownRun(StoreError, LookupError):
    """The registry holds no run with that id."""


class RegistryBusy(StoreError, TimeoutError):
    """Another process is writing to the registry."""


class NewerFormat(StoreError, ValueError):
    """The registry was written by a newer version of this package."""


class CompareError(RegistryError, ValueError):
    """A comparison was asked for that the given layers cannot answer."""


class ClusterError(RegistryError, ConnectionError):
    """A cluster cannot be reached, or does not do what is asked."""
