"""Step graphs as ONNX models, written node by node: operator set 17, which runtimes since 2022 have."""

import numpy as np

from neuralcodec.errors import MissingDependencyError
from neuralcodec.export.operations import NumpyOperations
from neuralcodec.export.steps import Step

try:
    import onnx
    from onnx import helper, numpy_helper
except ImportError as error:
    raise MissingDependencyError("Export to ONNX needs one more package: pip install 'neuralcodec[export]'.") from error

OPERATOR_SET, IR_VERSION = 17, 8
EXTENSION = ".onnx"


def write(graph, path):
    """Writes a StepGraph to a file.

    Args:
        graph: StepGraph.
        path: of the file.
    """
    nodes = _Nodes()
    inputs = {name: nodes.input(name, array) for name, array in graph.inputs.items()}
    step = Step(_OnnxOperations(nodes), graph.weights,
                lambda name, shape: nodes.input(name, np.zeros(shape, np.float32)))
    outputs = graph.describe(step, **inputs)
    outputs |= {f"new_{name}": state for name, state in step.new_states.items()}
    for name, tensor in outputs.items():
        nodes.output(name, tensor)
    model = helper.make_model(nodes.graph(graph.name), opset_imports=[helper.make_opsetid("", OPERATOR_SET)],
                              ir_version=IR_VERSION, producer_name="neuralcodec")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


class _Nodes:
    """What an ONNX graph is made of, in the order in which it is computed."""

    def __init__(self):
        self._nodes, self._constants, self._inputs, self._outputs = [], [], [], []

    def input(self, name, array):
        """A tensor that is given in every step."""
        self._inputs.append(_value(name, array))
        return _Tensor(self, name, array)

    def output(self, name, tensor):
        self._nodes.append(helper.make_node("Identity", [tensor.name], [name]))
        self._outputs.append(_value(name, tensor.value))

    def tensor(self, x, dtype=np.float32):
        """A tensor, or a number or array as a constant."""
        if isinstance(x, _Tensor):
            return x
        array = np.asarray(x, dtype)
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(array, name))
        return _Tensor(self, name, array)

    def add(self, operator, inputs, value, **attributes):
        """The tensor that an operator makes; `value` has its shape and type."""
        name = f"value_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, [tensor.name for tensor in inputs], [name], **attributes))
        return _Tensor(self, name, value)

    def graph(self, name):
        return helper.make_graph(self._nodes, name, self._inputs, self._outputs, self._constants)


def _value(name, array):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


class _Tensor:
    """A value of an ONNX graph, with an array of its shape and type."""

    __array_ufunc__ = None  # an array times a tensor is the tensor's business

    def __init__(self, nodes, name, value):
        self.nodes, self.name, self.value = nodes, name, value

    @property
    def shape(self):
        return self.value.shape

    def __getitem__(self, part):
        rows, columns = part if isinstance(part, tuple) else (part, slice(None))
        axis, kept = (0, rows) if columns == slice(None) else (1, columns)
        bounds = [self.nodes.tensor([number], np.int64) for number in (kept.start, kept.stop, axis)]
        return self.nodes.add("Slice", [self, *bounds], self.value[part])

    def __add__(self, other):
        return _binary("Add", self, other)

    def __radd__(self, other):
        return _binary("Add", other, self)

    def __sub__(self, other):
        return _binary("Sub", self, other)

    def __rsub__(self, other):
        return _binary("Sub", other, self)

    def __mul__(self, other):
        return _binary("Mul", self, other)

    def __rmul__(self, other):
        return _binary("Mul", other, self)

    def __truediv__(self, other):
        return _binary("Div", self, other)

    def __rtruediv__(self, other):
        return _binary("Div", other, self)

    def __matmul__(self, other):
        return _binary("MatMul", self, other)

    def __rmatmul__(self, other):
        return _binary("MatMul", other, self)


def _binary(operator, a, b):
    nodes = (a if isinstance(a, _Tensor) else b).nodes
    a, b = nodes.tensor(a), nodes.tensor(b)
    value = a.value @ b.value if operator == "MatMul" else np.zeros(np.broadcast_shapes(a.shape, b.shape), np.float32)
    return nodes.add(operator, [a, b], value)


class _OnnxOperations:
    """The functions of `neuralcodec.export.operations`, which add nodes."""

    def __init__(self, nodes):
        self._nodes = nodes

    def concat(self, parts, axis=0):
        parts = [self._nodes.tensor(part) for part in parts]
        return self._nodes.add("Concat", parts, NumpyOperations.concat([part.value for part in parts], axis), axis=axis)

    def reshape(self, x, shape):
        value = x.value.reshape(shape)
        return self._nodes.add("Reshape", [x, self._nodes.tensor(value.shape, np.int64)], value)

    def above(self, x, threshold):
        x, threshold = self._nodes.tensor(x), self._nodes.tensor(threshold)
        value = NumpyOperations.above(x.value, threshold.value)
        return self.as_float(self._nodes.add("Greater", [x, threshold], value))

    def take(self, table, places):
        value = np.zeros((*places.shape, *table.shape[1:]), table.dtype)
        return self._nodes.add("Gather", [self._nodes.tensor(table), places], value, axis=0)

    def as_float(self, x):
        return self._nodes.add("Cast", [x], NumpyOperations.as_float(x.value), to=onnx.TensorProto.FLOAT)

    def as_int(self, x):
        return self._nodes.add("Cast", [x], NumpyOperations.as_int(x.value), to=onnx.TensorProto.INT32)

    def maximum(self, x, other):
        return _binary("Max", x, other)

    def minimum(self, x, other):
        return _binary("Min", x, other)

    def exp(self, x):
        return self._nodes.add("Exp", [x], x.value)

    def log(self, x):
        return self._nodes.add("Log", [x], x.value)

    def abs(self, x):
        return self._nodes.add("Abs", [x], x.value)

    def sign(self, x):
        return self._nodes.add("Sign", [x], x.value)

    def floor(self, x):
        return self._nodes.add("Floor", [x], x.value)

    def rint(self, x):
        return self._nodes.add("Round", [x], x.value)
