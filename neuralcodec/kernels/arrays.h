/* What all loops need of Python: arrays come as contiguous buffers whose sizes are checked, so that wrong arguments raise
   ValueError and no memory is touched beside them. */

#ifndef ARRAYS_H
#define ARRAYS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

/* Wider vectors where the processor has them; the system's loader chooses when the module is imported. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define WIDEST __attribute__((target_clones("avx2", "default")))
#else
#define WIDEST
#endif

static inline int is_size(const Py_buffer *buffer, Py_ssize_t count, size_t item)
{
    return count >= 0 && (size_t)buffer->len == (size_t)count * item;
}

static inline PyObject *wrong_sizes(void)
{
    PyErr_SetString(PyExc_ValueError, "arrays of sizes that do not fit");
    return NULL;
}

static inline void release(Py_buffer *buffers, int count)
{
    for (int i = 0; i < count; i++)
        PyBuffer_Release(buffers + i);
}

static inline int64_t within(int64_t x, int64_t size)
{
    return x < 0 ? 0 : x < size ? x : size - 1;
}

static inline int64_t limited(int64_t x, int64_t limit)
{
    return x < -limit ? -limit : x > limit ? limit : x;
}

/* The functions of the module, a file for each kind. */
PyObject *encode(PyObject *self, PyObject *arguments);
PyObject *run_network(PyObject *self, PyObject *arguments);
PyObject *predict(PyObject *self, PyObject *arguments);
PyObject *decode_side(PyObject *self, PyObject *arguments);
PyObject *decode_frames(PyObject *self, PyObject *arguments);
PyObject *decode_predicted(PyObject *self, PyObject *arguments);
PyObject *decode_first(PyObject *self, PyObject *arguments);
PyObject *decode_refinement(PyObject *self, PyObject *arguments);
PyObject *refinement_rows(PyObject *self, PyObject *arguments);
PyObject *synthesise(PyObject *self, PyObject *arguments);

#endif
