"""The types of fitted models, for formats that read only types which are trusted."""

from __future__ import annotations

_TYPES = (
    "skseg._core._encoding.SegmentEncoding",
    "skseg._core._fitted_tables.StoredColumn",
    "skseg._core._fitted_tables.StoredTable",
    "skseg._rfm._dimensions.Dimension",
    "skseg._rfm._segmenter.RFMSegmenter",
    "skseg.rules._language._conditions.And",
    "skseg.rules._language._conditions.Comparison",
    "skseg.rules._language._conditions.Or",
    "skseg.rules._proof._report.Gap",
    "skseg.rules._proof._report.MECEReport",
    "skseg.rules._ruleset.RuleSet",
)


def trusted_types() -> list[str]:
    """Return the names of the types to trust where models are read without pickle.

    skops, and mlflow by default, read no type of another package unless its name is
    passed. These are the types that fitted models of this package are made of: its own,
    and those parts of scikit-learn that skops does not trust by itself, such as the
    trees in which neighbours are searched. Nothing in them runs code of the file.

    Returns
    -------
    list of str
        Full names in sorted order, a new list each time. Estimators of other packages
        and functions of yours, such as a `revenue` that is a function, have types of
        their own: ``skops.io.get_untrusted_types`` names them.

    See Also
    --------
    skseg.rules.RuleSet.to_json : Stores the rules alone, for any other program.

    Examples
    --------
    A model in a pipeline is stored by ``skops.io.dump(pipeline, path)``, and read by
    ``skops.io.load(path, trusted=skseg.trusted_types())``. mlflow takes the names where
    it stores a model: ``mlflow.sklearn.save_model(pipeline, path,
    skops_trusted_types=skseg.trusted_types())``.

    >>> import skseg
    >>> [name for name in skseg.trusted_types() if name.endswith("Segmenter")][-1]
    'skseg._rfm._segmenter.RFMSegmenter'
    """
    return list(_TYPES)
