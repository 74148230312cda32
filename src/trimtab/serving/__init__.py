"""A model answers: HTTP requests in, predictions out, every one of them remembered.

::

    request ─ protocol.py ─ predictor.py ─ event_log.py ─ answer
              JSON ⇄ rows   champion and    the commit comes
                            shadow          before the answer

- `event_log.py`   what was asked, what was said and, later, what turned out true; exactly once
  (`batches.py`: a request's rows and scores as a blob; `event_file.py`: the SQLite file)
- `predictor.py`   which model versions answer, and whether rows fit them
- `protocol.py`    the Open Inference Protocol v2: requests, answers and faults as documents
  (`tensors.py`: a column as a tensor, both ways)
- `worker.py`      the one thread that predicts and records, with one commit for many requests
- `rest.py`        the ASGI application: paths and methods, nothing else
- `server.py`      the process: granian, signals, a server in the background
- `client.py`      the other end of the wire, for replays, tests and scripts

Nothing here trains, judges or watches a model. Features are computed by the expressions saved
with the model, from raw rows, so that training and serving cannot differ.
"""
