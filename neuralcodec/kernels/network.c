/* Context networks in integers of 16 bits: four times as many products at once as in float64. */

#include "network.h"
#include <stdlib.h>

#define EXACT 256 /* products of 255 and 2^15 that 32 bits hold */
#define HIDDEN_SHIFT 12
#define OUTPUT_SHIFT 15

WIDEST void multiply(const int16_t *x, const int16_t *w, Py_ssize_t count, Py_ssize_t outputs, int64_t *sums)
{
    for (Py_ssize_t o = 0; o < outputs; o++, w += count) {
        int64_t sum = 0;
        for (Py_ssize_t start = 0; start < count; start += EXACT) {
            int32_t part = 0;
            int size = (int)(count - start < EXACT ? count - start : EXACT);
            for (int i = 0; i < size; i++)
                part += (int32_t)x[start + i] * w[start + i];
            sum += part;
        }
        sums[o] = sum;
    }
}

void run(Network *n)
{
    multiply(n->features, n->w1, n->inputs, n->hidden, n->sums);
    for (Py_ssize_t i = 0; i < n->hidden; i++) {
        int64_t unit = (n->sums[i] + n->b1[i] + (1 << (HIDDEN_SHIFT - 1))) >> HIDDEN_SHIFT;
        n->units[i] = (int16_t)within(unit, FEATURE_LIMIT + 1);
    }
    multiply(n->units, n->w2, n->hidden, n->outputs, n->sums);
    for (Py_ssize_t i = 0; i < n->outputs; i++)
        n->sums[i] = (n->sums[i] + n->b2[i] + (1 << (OUTPUT_SHIFT - 1))) >> OUTPUT_SHIFT;
}

int read_network(PyObject *arrays, void *network)
{
    Network *n = network;
    Py_buffer *b = n->buffers;
    if (!PyArg_ParseTuple(arrays, "y*y*y*y*", b, b + 1, b + 2, b + 3))
        return 0;
    n->w1 = b[0].buf, n->b1 = b[1].buf, n->w2 = b[2].buf, n->b2 = b[3].buf;
    n->hidden = b[1].len / 4, n->outputs = b[3].len / 4;
    n->inputs = n->hidden ? b[0].len / 2 / n->hidden : 0;
    if (!is_size(b, n->inputs * n->hidden, 2) || !is_size(b + 1, n->hidden, 4)
        || !is_size(b + 2, n->outputs * n->hidden, 2) || !is_size(b + 3, n->outputs, 4) || !n->inputs || !n->outputs) {
        wrong_sizes();
        return 0;
    }
    Py_ssize_t most = n->hidden > n->outputs ? n->hidden : n->outputs;
    n->features = calloc(n->inputs, sizeof *n->features);
    n->units = calloc(n->hidden, sizeof *n->units);
    n->sums = calloc(most, sizeof *n->sums);
    if (!n->features || !n->units || !n->sums) {
        PyErr_NoMemory();
        return 0;
    }
    return 1;
}

void free_network(Network *n)
{
    release(n->buffers, 4);
    free(n->features);
    free(n->units);
    free(n->sums);
}

/* run_network(network, features, outputs): float64 (K, I), integers within +-255 -> int64 (K, O) */
PyObject *run_network(PyObject *self, PyObject *arguments)
{
    Network n = {0};
    Py_buffer b[2] = {0};
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(arguments, "O&y*w*", read_network, &n, b, b + 1))
        goto end;
    Py_ssize_t count = b[0].len / 8 / n.inputs;
    if (!is_size(b, count * n.inputs, 8) || !is_size(b + 1, count * n.outputs, 8)) {
        wrong_sizes();
        goto end;
    }
    const double *features = b[0].buf;
    int64_t *outputs = b[1].buf;
    for (Py_ssize_t k = 0; k < count; k++, features += n.inputs, outputs += n.outputs) {
        for (Py_ssize_t i = 0; i < n.inputs; i++)
            n.features[i] = (int16_t)(int32_t)features[i];
        run(&n);
        for (Py_ssize_t i = 0; i < n.outputs; i++)
            outputs[i] = n.sums[i];
    }
    result = Py_NewRef(Py_None);
end:
    free_network(&n);
    release(b, 2);
    return result;
}
