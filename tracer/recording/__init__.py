"""Recording a running program: tensors, the tape, autodiff, names and source lines."""
