/* Context networks, `bitstream.integer_network`. */

#ifndef NETWORK_H
#define NETWORK_H

#include "arrays.h"

#define FEATURE_LIMIT 255

typedef struct {
    Py_buffer buffers[4];
    const int16_t *w1, *w2; /* (H, I) and (O, H): a row for each sum */
    const int32_t *b1, *b2;
    Py_ssize_t inputs, hidden, outputs;
    int16_t *units, *features; /* (H,) and (I,): room to work in */
    int64_t *sums; /* of either layer; of the second one, the outputs */
} Network;

/* "O&" of PyArg_ParseTuple: four arrays become a Network, which has to be freed, also if nothing was read into it. */
int read_network(PyObject *arrays, void *network);
void free_network(Network *network);

/* Network.features -> Network.sums, in 1/8. */
void run(Network *network);

/* sums (N,) of products: x (M,) within +-255 and w (N, M). */
void multiply(const int16_t *x, const int16_t *w, Py_ssize_t count, Py_ssize_t outputs, int64_t *sums);

#endif
