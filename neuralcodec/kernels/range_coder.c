/* Range coder, docs/format.md, section 3. */

#include "range_decoder.h"
#include <stdlib.h>

int read_payloads(PyObject *arrays, void *payloads)
{
    Payloads *p = payloads;
    Py_buffer *b = p->buffers;
    if (!PyArg_ParseTuple(arrays, "y*y*y*n", b, b + 1, b + 2, &p->frames))
        return 0;
    p->data = b[0].buf, p->bounds = b[1].buf, p->counts = b[2].buf, p->blocks = b[2].len / 8;
    int fits = is_size(b + 1, p->blocks + 1, 8) && is_size(b + 2, p->blocks, 8) && p->frames >= 0;
    for (Py_ssize_t i = 0; fits && i < p->blocks; i++)
        fits = p->bounds[i] >= 0 && p->bounds[i] <= p->bounds[i + 1] && p->bounds[i + 1] <= b[0].len
            && p->counts[i] >= 0 && p->counts[i] <= p->frames;
    if (!fits)
        wrong_sizes();
    return fits;
}

int read_table(PyObject *array, void *table)
{
    Table *t = table;
    if (PyObject_GetBuffer(array, &t->buffer, PyBUF_STRIDES | PyBUF_FORMAT))
        return 0;
    t->frequencies = t->buffer.buf;
    if (t->buffer.ndim != 2 || t->buffer.itemsize != 4 || t->buffer.shape[1] < 2 || t->buffer.shape[1] > INT16_MAX
        || !PyBuffer_IsContiguous(&t->buffer, 'C')) {
        wrong_sizes();
        return 0;
    }
    t->rows = t->buffer.shape[0], t->alphabet = (int)t->buffer.shape[1];
    int fits = 1;
    for (Py_ssize_t row = 0; fits && row < t->rows; row++) { /* else a range could become 0 */
        uint64_t total = 0;
        for (int i = 0; i < t->alphabet; i++) {
            uint32_t share = t->frequencies[row * t->alphabet + i];
            fits &= share > 0;
            total += share;
        }
        fits &= total == 1u << TOTAL_BITS;
    }
    if (!fits)
        wrong_sizes();
    return fits;
}

void free_payloads(Payloads *payloads, Table *table)
{
    release(payloads->buffers, 3);
    PyBuffer_Release(&table->buffer);
}

Decoder begin(const Payloads *payloads, Py_ssize_t block)
{
    const uint8_t *data = payloads->data;
    Decoder d = {0, UINT64_MAX, 0, data + payloads->bounds[block], data + payloads->bounds[block + 1]};
    shift_in(&d, 8);
    return d;
}

int decode_uniform(Decoder *d, uint32_t values)
{
    uint64_t unit = d->range >> TOTAL_BITS, quantile = (d->point - d->low) / unit;
    if (quantile >> TOTAL_BITS)
        return DAMAGED;
    uint32_t share = (1u << TOTAL_BITS) / values, value = (uint32_t)quantile / share;
    if (value > values - 1)
        value = values - 1;
    decode_interval(d, share * value, value < values - 1 ? share : (1u << TOTAL_BITS) - share * value, unit);
    return (int)value;
}

int decode_round(Decoder *d, const Table *table, const int32_t *rows, Py_ssize_t count, int values, int32_t *places)
{
    Py_ssize_t escapes = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        places[i] = decode_place(d, table, rows[i]);
        if (places[i] < 0)
            return DAMAGED;
        escapes += places[i] == table->alphabet - 1;
    }
    for (Py_ssize_t i = 0; escapes; i++) {
        if (places[i] < table->alphabet - 1)
            continue;
        int value = decode_uniform(d, values);
        if (value < 0)
            return DAMAGED;
        places[i] += 1 + value;
        escapes--;
    }
    return 0;
}

/* The encoder. Its rows hold frequencies minus 1 as float32, integers all of them. */

typedef struct {
    uint64_t low, range;
    uint8_t *bytes;
    Py_ssize_t size, room;
} Encoder;

static int encode_interval(Encoder *e, uint64_t left, uint64_t share)
{
    uint64_t unit = e->range >> TOTAL_BITS, low = e->low + unit * left;
    if (low < e->low) /* a carry into what is written: never past its first byte, because all of it is below 1 */
        for (Py_ssize_t i = e->size - 1; i >= 0 && ++e->bytes[i] == 0; i--)
            ;
    e->low = low;
    e->range = unit * share;
    if (e->range >> 32)
        return 1;
    if (e->size + WORD_BYTES > e->room) {
        uint8_t *more = realloc(e->bytes, 2 * e->room + 64);
        if (!more)
            return 0;
        e->bytes = more;
        e->room = 2 * e->room + 64;
    }
    for (int shift = 56; shift >= 32; shift -= 8)
        e->bytes[e->size++] = (uint8_t)(e->low >> shift);
    e->low <<= 32;
    e->range <<= 32;
    return 1;
}

/* encode(places, rows, escapes, width, pmf_rows, alphabet, escape_size) -> (bytes, low, range)

   Rounds of `width` symbols, each followed by its escapes: places, rows and escapes int64 (rounds * width,). */
PyObject *encode(PyObject *self, PyObject *arguments)
{
    Py_buffer b[4]; /* places, rows, escapes, pmf_rows */
    int alphabet, escape_size;
    Py_ssize_t width;
    if (!PyArg_ParseTuple(arguments, "y*y*y*ny*ii", b, b + 1, b + 2, &width, b + 3, &alphabet, &escape_size))
        return NULL;
    Py_ssize_t count = b[0].len / 8;
    int fits = is_size(b, count, 8) && is_size(b + 1, count, 8) && is_size(b + 2, count, 8)
        && (!count || (width > 0 && count % width == 0)) && alphabet > 1 && escape_size > 1
        && escape_size <= 1 << TOTAL_BITS && b[3].len % (4 * alphabet) == 0;
    const int64_t *places = b[0].buf, *rows = b[1].buf, *escapes = b[2].buf;
    const float *pmf_rows = b[3].buf;
    int64_t num_rows = alphabet > 1 ? b[3].len / (4 * alphabet) : 0;
    uint32_t share = fits ? (1u << TOTAL_BITS) / escape_size : 0;
    Encoder e = {0, UINT64_MAX, NULL, 0, 0};
    int enough = 1;
    for (Py_ssize_t start = 0; fits && enough && start < count; start += width) {
        for (Py_ssize_t i = start; fits && enough && i < start + width; i++) {
            fits = rows[i] >= 0 && rows[i] < num_rows && places[i] >= 0;
            if (!fits)
                break;
            const float *row = pmf_rows + rows[i] * alphabet;
            int64_t place = places[i] < alphabet ? places[i] : alphabet - 1;
            uint32_t left = 0;
            for (int64_t j = 0; j < place; j++)
                left += (uint32_t)row[j] + 1;
            enough = encode_interval(&e, left, (uint32_t)row[place] + 1);
        }
        for (Py_ssize_t i = start; fits && enough && i < start + width; i++) {
            if (places[i] < alphabet - 1)
                continue;
            fits = escapes[i] >= 0 && escapes[i] < escape_size;
            uint64_t left = share * (uint64_t)escapes[i];
            if (fits)
                enough = encode_interval(&e, left, escapes[i] < escape_size - 1 ? share : (1u << TOTAL_BITS) - left);
        }
    }
    PyObject *result = NULL;
    if (!fits)
        wrong_sizes();
    else if (!enough)
        PyErr_NoMemory();
    else
        result = Py_BuildValue("y#KK", e.bytes ? (char *)e.bytes : "", e.size, (unsigned long long)e.low,
                               (unsigned long long)e.range);
    free(e.bytes);
    release(b, 4);
    return result;
}
