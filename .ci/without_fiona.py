"""A pytest plugin that hides Fiona, as on Python 3.14 and later, where it has no wheels."""

import sys
from importlib.abc import MetaPathFinder


class _Hidden(MetaPathFinder):
    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:  # noqa: ARG002
        if fullname.partition(".")[0] == "fiona":
            raise ModuleNotFoundError("Fiona is hidden.", name=fullname)


sys.meta_path.insert(0, _Hidden())
