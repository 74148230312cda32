"""Room 3: a model is made, taken apart, compiled and filed.

A guide, in the order a training goes:

- `rows` joins the project's tables into task rows with `_id`, `_time`, `_label`, `_label_time`;
  `labels` says what label values mean.
- `features` are named Polars expressions, checked by `expressions` and `leaks`; `features_file`
  runs features.py; `cache` keeps what they gave.
- `encode` makes numbers of features, `estimators` names what can learn from them, `folds` cuts
  time into past and future, `tune` searches parameters, `train` does it all in one run.
- `analyse` takes a trained model apart; `scoring` has its losses and headline metric.
- `compile` makes ONNX of it if both agree; `registry` files runs and versions, `stages` keeps
  who moved them between stages; `loaded` is a version ready to answer.

MLflow is imported by `registry` alone, Optuna by `tune`, the ONNX converters by `compile`, ONNX
Runtime by `loaded`. A server needs `registry`, `loaded` and `features`, and never `train`.
"""
