"""PyTorch programs as they stand: recorded with every operation of forward, backward and update.

    with tracer.torch.record(model, optimizer, steps=[0, 1, 100]) as run:
        train()
    run.trace

This package needs PyTorch, the extra `torch`. Nothing else imports it.
"""

from tracer.torch.checking import check_steps
from tracer.torch.computing.functions import check_functions
from tracer.torch.recording import Run, record

__all__ = ["Run", "check_functions", "check_steps", "record"]
