/* The range decoder, docs/format.md, section 3, and the payloads that it reads. */

#ifndef RANGE_DECODER_H
#define RANGE_DECODER_H

#include "arrays.h"

#define TOTAL_BITS 24
#define WORD_BYTES 4
#define DAMAGED -1 /* no encoder wrote these bytes */
#define IMPOSSIBLE -2 /* nor these symbols */
#define MODULE_LIMIT 127
#define MODULE_VALUES (2 * MODULE_LIMIT + 1)
#define FRACTIONS 8 /* of a symbol, in means */

typedef struct {
    uint64_t low, range, point;
    const uint8_t *next, *end;
} Decoder;

/* One payload in each of several blocks: block b lies in data from bounds[b] to bounds[b + 1] and has counts[b] frames,
   at most `frames`. */
typedef struct {
    Py_buffer buffers[3];
    const uint8_t *data;
    const int64_t *bounds, *counts;
    Py_ssize_t blocks, frames;
} Payloads;

/* Frequencies, uint32 (R, A). */
typedef struct {
    Py_buffer buffer;
    const uint32_t *frequencies;
    Py_ssize_t rows;
    int alphabet;
} Table;

/* "O&" of PyArg_ParseTuple: (data, bounds int64 (B + 1,), counts int64 (B,), frames), or frequencies. */
int read_payloads(PyObject *arrays, void *payloads);
int read_table(PyObject *array, void *table);
void free_payloads(Payloads *payloads, Table *table);

Decoder begin(const Payloads *payloads, Py_ssize_t block);

static inline void shift_in(Decoder *d, int bytes)
{
    while (bytes--)
        d->point = d->point << 8 | (d->next < d->end ? *d->next++ : 0); /* zeros follow the end */
}

static inline void decode_interval(Decoder *d, uint32_t left, uint32_t share, uint64_t unit)
{
    d->low += unit * left;
    d->range = unit * share;
    if (d->range >> 32)
        return;
    d->low <<= 32;
    d->range <<= 32;
    shift_in(d, WORD_BYTES);
}

/* The next symbol's place, or DAMAGED. */
static inline int decode_place(Decoder *d, const Table *table, int64_t row)
{
    const uint32_t *frequencies = table->frequencies + row * table->alphabet;
    uint64_t unit = d->range >> TOTAL_BITS, quantile = (d->point - d->low) / unit;
    if (quantile >> TOTAL_BITS)
        return DAMAGED;
    uint32_t left = 0, q = (uint32_t)quantile;
    int place = 0;
    while (q - left >= frequencies[place] && place < table->alphabet - 1)
        left += frequencies[place++];
    decode_interval(d, left, frequencies[place], unit);
    return place;
}

/* One of so many values that are equally likely, or DAMAGED. */
int decode_uniform(Decoder *d, uint32_t values);

/* A round of a payload: rows (N,) of the table -> places (N,), to which those that are escaped add 1 + what stands for
   them, one of so many values. Returns DAMAGED or 0. */
int decode_round(Decoder *d, const Table *table, const int32_t *rows, Py_ssize_t count, int values, int32_t *places);

static inline int from_zigzag(int place)
{
    return place & 1 ? (place + 1) >> 1 : -(place >> 1);
}

#endif
