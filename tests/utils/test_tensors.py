import numpy as np

from sklearn_gradlasso.utils.tensors import tensor_to_read


def test_memory_is_shared_unless_it_must_not_be_written_to():
    values = np.arange(3.0)
    assert tensor_to_read(values).numpy().ctypes.data == values.ctypes.data
    values.flags.writeable = False
    tensor = tensor_to_read(values)  # without a warning, which would be an error
    assert tensor.tolist() == [0, 1, 2]
    assert tensor.numpy().ctypes.data != values.ctypes.data
