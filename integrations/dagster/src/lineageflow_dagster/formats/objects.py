"""Python objects that are neither tables nor text: models above all."""

import pickle
from pathlib import Path
from typing import BinaryIO

from lineageflow_core.errors import InvalidInputError
from lineageflow_dagster.formats.format import Described, FileFormat
from lineageflow_dagster.formats.trust import Trust


class PickleFormat(FileFormat):
    """Any picklable object. Reading runs code that the writer chose."""

    def write_file(self, value: object, file: Path, *, trust: Trust) -> Described:
        trust.check_pickles(self.ending)
        with file.open("wb") as opened:
            pickle.dump(value, opened, protocol=5)
        return described(value)

    def read(self, file: BinaryIO, *, trust: Trust) -> object:
        trust.check_pickles(self.ending)
        return pickle.load(file)


class JoblibFormat(FileFormat):
    """A pickle that keeps large arrays apart, as scikit-learn's users know it. No safer than one."""

    def write_file(self, value: object, file: Path, *, trust: Trust) -> Described:
        import joblib

        trust.check_pickles(self.ending)
        joblib.dump(value, file)
        return described(value)

    def read(self, file: BinaryIO, *, trust: Trust) -> object:
        import joblib

        trust.check_pickles(self.ending)
        return joblib.load(file)


class SkopsFormat(FileFormat):
    """A scikit-learn model without a pickle, https://skops.readthedocs.io: only of types that are trusted."""

    def write_file(self, value: object, file: Path, *, trust: Trust) -> Described:
        import skops.io

        skops.io.dump(value, file)
        return described(value)

    def read(self, file: BinaryIO, *, trust: Trust) -> object:
        import skops.io
        from skops.io.exceptions import UntrustedTypesFoundException

        try:
            return skops.io.loads(file.read(), trusted=list(trust.types))
        except UntrustedTypesFoundException as error:
            raise InvalidInputError(
                f"the model has types that nobody trusts yet: {error}; if you do, name them in trusted_types "
                "of the LineageFlowResource"
            ) from error


def described(value: object) -> Described:
    """Returns what is known of an object: one that predicts is a model."""
    return Described(dataset_type="MODEL" if is_model(value) else "FILE")


def is_model(value: object) -> bool:
    """Tells whether an object predicts, or transforms what it was fitted to, as scikit-learn has it."""
    can = [name for name in ("predict", "transform") if callable(getattr(value, name, None))]
    return "predict" in can or ("transform" in can and hasattr(value, "fit"))
