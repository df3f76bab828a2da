/* The loops of the codec in which every step waits for the one before it. Whatever decides a symbol is an integer.

   Arrays come as contiguous buffers; their sizes are checked, so that wrong arguments raise ValueError and no memory is
   touched beside them. What the arguments mean is written where Python calls these functions. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TOTAL_BITS 24
#define WORD_BYTES 4

static int is_size(const Py_buffer *buffer, Py_ssize_t count, size_t item)
{
    return count >= 0 && (size_t)buffer->len == (size_t)count * item;
}

static PyObject *wrong_sizes(void)
{
    PyErr_SetString(PyExc_ValueError, "arrays of sizes that do not fit");
    return NULL;
}

static void release(Py_buffer *buffers, int count)
{
    for (int i = 0; i < count; i++)
        PyBuffer_Release(buffers + i);
}

/* Range coder, docs/format.md, section 3. Rows hold frequencies minus 1 as float32, integers all of them. */

typedef struct {
    uint64_t low, range, point, position;
} Decoder;

typedef struct {
    uint64_t low, range;
    uint8_t *bytes;
    Py_ssize_t size, room;
} Encoder;

static void decode_interval(Decoder *d, const uint8_t *data, uint64_t size, uint32_t left, uint32_t share,
                            uint64_t unit)
{
    d->low += unit * left;
    d->range = unit * share;
    if (d->range >> 32)
        return;
    uint64_t word = 0;
    for (int i = 0; i < WORD_BYTES; i++, d->position++)
        word = word << 8 | (d->position < size ? data[d->position] : 0);
    d->low <<= 32;
    d->range <<= 32;
    d->point = d->point << 32 | word;
}

/* The next symbol's place, or -1 where no encoder wrote this. */
static int64_t decode_place(Decoder *d, const uint8_t *data, uint64_t size, const float *row, int alphabet)
{
    uint64_t unit = d->range >> TOTAL_BITS, quantile = (d->point - d->low) / unit;
    if (quantile >> TOTAL_BITS)
        return -1;
    uint32_t left = 0, share = (uint32_t)row[0] + 1, q = (uint32_t)quantile;
    int place = 0;
    while (q - left >= share && place < alphabet - 1) {
        left += share;
        share = (uint32_t)row[++place] + 1;
    }
    decode_interval(d, data, size, left, share, unit);
    return place;
}

static int64_t decode_uniform(Decoder *d, const uint8_t *data, uint64_t size, uint32_t values)
{
    uint64_t unit = d->range >> TOTAL_BITS, quantile = (d->point - d->low) / unit;
    if (quantile >> TOTAL_BITS)
        return -1;
    uint32_t share = (1u << TOTAL_BITS) / values, value = (uint32_t)quantile / share;
    if (value >= values - 1) {
        value = values - 1;
        decode_interval(d, data, size, share * value, (1u << TOTAL_BITS) - share * value, unit);
    } else {
        decode_interval(d, data, size, share * value, share, unit);
    }
    return value;
}

/* One round of a payload: places and values (N,) from rows (N,) -> number of escapes, or -1 for damage. */
static Py_ssize_t decode_round(Decoder *d, const uint8_t *data, uint64_t size, const int64_t *rows, Py_ssize_t count,
                               const float *pmf_rows, int alphabet, int escape_size, int64_t *places, int64_t *values)
{
    Py_ssize_t escapes = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        places[i] = decode_place(d, data, size, pmf_rows + rows[i] * alphabet, alphabet);
        if (places[i] < 0)
            return -1;
        escapes += places[i] == alphabet - 1;
    }
    for (Py_ssize_t i = 0, left = escapes; left; i++) {
        if (places[i] != alphabet - 1)
            continue;
        values[i] = decode_uniform(d, data, size, escape_size);
        if (values[i] < 0)
            return -1;
        left--;
    }
    return escapes;
}

/* decode(decoders, data, bounds, running, rows, pmf_rows, alphabet, escape_size, places, values) -> escapes, -1: damage

   One round in each of B payloads that is running, uint8 (B,): decoders uint64 (B, 4) are changed; payload b lies in
   data from bounds[b] to bounds[b + 1], int64 (B + 1,); rows int64 (B, N) of pmf_rows float32 (R, A); places and values
   int64 (B, N) are written. */
static PyObject *decode(PyObject *self, PyObject *arguments)
{
    Py_buffer b[8]; /* decoders, data, bounds, running, rows, pmf_rows, places, values */
    int alphabet, escape_size;
    if (!PyArg_ParseTuple(arguments, "w*y*y*y*y*y*iiw*w*", b, b + 1, b + 2, b + 3, b + 4, b + 5, &alphabet,
                          &escape_size, b + 6, b + 7))
        return NULL;
    Py_ssize_t blocks = b[3].len, all = b[4].len / 8, width = blocks ? all / blocks : 0, escapes = 0;
    Decoder *decoders = b[0].buf;
    const uint8_t *data = b[1].buf, *running = b[3].buf;
    const int64_t *bounds = b[2].buf, *rows = b[4].buf;
    int64_t *places = b[6].buf, *values = b[7].buf;
    int fits = is_size(b, blocks, sizeof(Decoder)) && is_size(b + 2, blocks + 1, 8) && is_size(b + 4, blocks * width, 8)
        && is_size(b + 6, all, 8) && is_size(b + 7, all, 8) && alphabet > 1 && b[5].len % (4 * alphabet) == 0
        && escape_size > 1 && escape_size <= 1 << TOTAL_BITS;
    int64_t num_rows = fits ? b[5].len / (4 * alphabet) : 0;
    for (Py_ssize_t i = 0; fits && i < all; i++)
        fits = rows[i] >= 0 && rows[i] < num_rows;
    for (Py_ssize_t i = 0; fits && i < blocks; i++)
        fits = bounds[i] >= 0 && bounds[i] <= bounds[i + 1] && bounds[i + 1] <= b[1].len && decoders[i].range >> 32;
    for (Py_ssize_t i = 0; fits && escapes >= 0 && i < blocks; i++) {
        if (!running[i]) {
            memset(places + i * width, 0, width * 8);
            continue;
        }
        Py_ssize_t found = decode_round(decoders + i, data + bounds[i], bounds[i + 1] - bounds[i], rows + i * width,
                                        width, b[5].buf, alphabet, escape_size, places + i * width, values + i * width);
        escapes = found < 0 ? -1 : escapes + found;
    }
    release(b, 8);
    return fits ? PyLong_FromSsize_t(escapes) : wrong_sizes();
}

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
static PyObject *encode(PyObject *self, PyObject *arguments)
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

/* Long-term prediction: the lag of `bitstream.ltp.find_lag`. */

#define MIN_LAG 32
#define MAX_LAG 320
#define WINDOW 160
#define HISTORY (MAX_LAG + WINDOW)

static int32_t product(const int16_t *x, const int16_t *y, int count)
{
    int32_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += (int32_t)x[i] * y[i];
    return sum;
}

static double score(const int16_t *end, const int16_t *earlier, int count, double power_earlier, double power)
{
    int32_t positive = product(end, earlier, count);
    double p = positive > 0 ? positive : 0;
    return floor(p * p / (power_earlier + floor(power / 32) + 1));
}

static void find_one_lag(const double *past, int64_t *lag, double *correlation)
{
    int16_t fine[HISTORY], half[HISTORY / 2];
    for (int i = 0; i < HISTORY; i++)
        fine[i] = (int16_t)floor(past[i] / 8);
    for (int i = 0; i < HISTORY / 2; i++)
        half[i] = fine[2 * i] + fine[2 * i + 1];

    const int window = WINDOW / 2;
    const int16_t *end = half + HISTORY / 2 - window;
    double power = product(end, end, window), best = -1;
    int32_t earlier = product(half, half, window);
    int longest = 0; /* the window's start, earliest first */
    for (int start = 0; start <= (MAX_LAG - MIN_LAG) / 2; start++) {
        double found = score(end, half + start, window, earlier, power);
        if (found > best) {
            best = found;
            longest = start;
        }
        earlier += half[start + window] * half[start + window] - half[start] * half[start];
    }

    const int offsets[3] = {0, -1, 1}; /* of equal ones the first counts */
    int coarse = MAX_LAG - 2 * longest;
    end = fine + MAX_LAG;
    power = product(end, end, WINDOW);
    best = -1;
    for (int i = 0; i < 3; i++) {
        int now = coarse + offsets[i];
        now = now < MIN_LAG ? MIN_LAG : now > MAX_LAG ? MAX_LAG : now;
        const int16_t *there = fine + MAX_LAG - now;
        double found = score(end, there, WINDOW, product(there, there, WINDOW), power);
        if (found > best) {
            best = found;
            *lag = now;
        }
    }
    double share = floor(255 * best / (power + 1));
    *correlation = share < 255 ? share : 255;
}

/* find_lag(past, lag, correlation): float64 (B, 480), contiguous rows, which may overlap -> int64 and float64 (B,). */
static PyObject *find_lag(PyObject *self, PyObject *arguments)
{
    Py_buffer b[3];
    PyObject *past;
    if (!PyArg_ParseTuple(arguments, "Ow*w*", &past, b, b + 1))
        return NULL;
    if (PyObject_GetBuffer(past, b + 2, PyBUF_STRIDED_RO)) {
        release(b, 2);
        return NULL;
    }
    Py_ssize_t count = b[0].len / 8;
    int fits = b[2].ndim == 2 && b[2].itemsize == 8 && b[2].shape[0] == count && b[2].shape[1] == HISTORY
        && b[2].strides[1] == 8 && is_size(b, count, 8) && is_size(b + 1, count, 8);
    for (Py_ssize_t i = 0; fits && i < count; i++)
        find_one_lag((double *)((char *)b[2].buf + i * b[2].strides[0]), (int64_t *)b[0].buf + i,
                     (double *)b[1].buf + i);
    release(b, 3);
    if (!fits)
        return wrong_sizes();
    Py_RETURN_NONE;
}

/* Nested modules: what `bitstream.nested_payload.refinement_rows` does before and after its network. */

#define SCALE_INDICES 64
#define CONTEXT_SIZES 4
#define SLOPE_BITS 12
#define MODULE_LIMIT 127
#define INDEX_FACTOR 4

static int64_t within(int64_t x, int64_t size)
{
    return x < 0 ? 0 : x < size ? x : size - 1;
}

/* refinement_features(frames, lower, index, feature, side, out)

   int64 (K, M) twice, uint8 (128,), float64 (K, S) -> float64 (K, 4 M + S): magnitudes of this code frame, the one
   before and the one after, scale indices, side features. */
static PyObject *refinement_features(PyObject *self, PyObject *arguments)
{
    Py_buffer b[5];
    Py_ssize_t frames;
    if (!PyArg_ParseTuple(arguments, "ny*y*y*y*w*", &frames, b, b + 1, b + 2, b + 3, b + 4))
        return NULL;
    Py_ssize_t width = frames > 0 ? b[0].len / 8 / frames : 0, side_width = frames > 0 ? b[3].len / 8 / frames : 0;
    if (!is_size(b, frames * width, 8) || b[1].len != b[0].len || !is_size(b + 2, MODULE_LIMIT + 1, 1)
        || !is_size(b + 3, frames * side_width, 8) || !is_size(b + 4, frames * (4 * width + side_width), 8)) {
        release(b, 5);
        return wrong_sizes();
    }
    const int64_t *lower = b[0].buf, *index = b[1].buf;
    const uint8_t *feature = b[2].buf;
    const double *side = b[3].buf;
    double *out = b[4].buf;
    Py_ssize_t stride = 4 * width + side_width;
    for (Py_ssize_t k = 0; k < frames; k++, lower += width, index += width, side += side_width, out += stride) {
        double *before = k ? out - stride : NULL, *after = out + 2 * width;
        for (Py_ssize_t i = 0; i < width; i++) {
            int64_t size = lower[i] < 0 ? -lower[i] : lower[i];
            out[i] = feature[size < MODULE_LIMIT ? size : MODULE_LIMIT];
            out[width + i] = before ? before[i] : 0;
            after[i] = 0;
            if (before)
                before[2 * width + i] = out[i];
            out[3 * width + i] = (double)(INDEX_FACTOR * index[i]);
        }
        memcpy(out + 4 * width, side, side_width * sizeof *side);
    }
    release(b, 5);
    Py_RETURN_NONE;
}

/* refinement_rows(frames, lower, index, outputs, slope, offset, down, rows, indices)

   lower and index int64 (K, M), outputs int64 (K, N + M) of the network, slope int16 and offset int32 (4, M), down:
   scale indices to go down -> rows and indices int64 (K, N). */
static PyObject *refinement_rows(PyObject *self, PyObject *arguments)
{
    Py_buffer b[7]; /* lower, index, outputs, slope, offset, rows, indices */
    Py_ssize_t frames;
    long long down;
    if (!PyArg_ParseTuple(arguments, "ny*y*y*y*y*Lw*w*", &frames, b, b + 1, b + 2, b + 3, b + 4, &down, b + 5, b + 6))
        return NULL;
    Py_ssize_t width = frames > 0 ? b[0].len / 8 / frames : 0, coded = frames > 0 ? b[5].len / 8 / frames : 0;
    if (!is_size(b, frames * width, 8) || b[1].len != b[0].len || !is_size(b + 2, frames * (coded + width), 8)
        || (frames > 0 && !is_size(b + 3, CONTEXT_SIZES * width, 2))
        || (frames > 0 && !is_size(b + 4, CONTEXT_SIZES * width, 4)) || !is_size(b + 5, frames * coded, 8)
        || b[6].len != b[5].len || coded < width) {
        release(b, 7);
        return wrong_sizes();
    }
    const int64_t *lower = b[0].buf, *index = b[1].buf, *outputs = b[2].buf;
    const int16_t *slope = b[3].buf;
    const int32_t *offset = b[4].buf;
    int64_t *rows = b[5].buf, *indices = b[6].buf;
    for (Py_ssize_t k = 0; k < frames; k++) {
        for (Py_ssize_t i = 0; i < width; i++) {
            int64_t size = lower[i] < 0 ? -lower[i] : lower[i];
            size = size < CONTEXT_SIZES ? size : CONTEXT_SIZES - 1;
            int64_t follow = offset[size * width + i] + slope[size * width + i] * index[i];
            int64_t own = outputs[size ? coded + i : i] + ((follow + (1 << (SLOPE_BITS - 1))) >> SLOPE_BITS);
            rows[i] = SCALE_INDICES * (1 + size) + within(own - down, SCALE_INDICES);
            indices[i] = index[i];
        }
        for (Py_ssize_t i = width; i < coded; i++) {
            rows[i] = within(outputs[i] - down, SCALE_INDICES);
            indices[i] = within(outputs[i], SCALE_INDICES);
        }
        lower += width, index += width, outputs += coded + width, rows += coded, indices += coded;
    }
    release(b, 7);
    Py_RETURN_NONE;
}

/* 1/A(z). */

#define ORDER 16
#define SUBFRAME 80
#define FAR 1e30

static double limited(double sample, double limit)
{
    return sample > limit ? limit : sample < -limit ? -limit : sample; /* NaN stays */
}

/* synthesise(residual, predictors, last, limit, out)

   float32 (80 S,), float64 (S, 17), float64 (16,), which is changed, -> float32 (80 S,). What the filter remembers at
   the end of a sub-frame is kept within +-limit, so that it recovers. */
static PyObject *synthesise(PyObject *self, PyObject *arguments)
{
    Py_buffer b[4]; /* residual, predictors, last, out */
    double limit;
    if (!PyArg_ParseTuple(arguments, "y*y*w*dw*", b, b + 1, b + 2, &limit, b + 3))
        return NULL;
    Py_ssize_t subframes = b[0].len / (4 * SUBFRAME);
    if (!is_size(b, subframes, 4 * SUBFRAME) || !is_size(b + 1, subframes, 8 * (ORDER + 1)) || !is_size(b + 2, ORDER, 8)
        || !is_size(b + 3, subframes, 4 * SUBFRAME)) {
        release(b, 4);
        return wrong_sizes();
    }
    const float *residual = b[0].buf;
    const double *a = b[1].buf;
    float *out = b[3].buf;
    double y[ORDER + SUBFRAME];
    memcpy(y, b[2].buf, ORDER * sizeof *y);
    for (Py_ssize_t s = 0; s < subframes; s++, a += ORDER + 1, residual += SUBFRAME, out += SUBFRAME) {
        for (int n = 0; n < SUBFRAME; n++) {
            /* The oldest first: only the last product waits for the sample before. */
            double even = 0, odd = residual[n];
            for (int k = ORDER; k > 0; k -= 2) {
                even -= a[k] * y[ORDER + n - k];
                odd -= a[k - 1] * y[ORDER + n - k + 1];
            }
            y[ORDER + n] = limited(even + odd, FAR); /* no infinity, whose differences were NaN */
        }
        for (int n = 0; n < SUBFRAME; n++) {
            out[n] = (float)limited(y[ORDER + n], limit);
        }
        for (int n = 0; n < ORDER; n++) {
            y[n] = limited(y[SUBFRAME + n], limit);
        }
    }
    memcpy(b[2].buf, y, ORDER * sizeof *y);
    release(b, 4);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"decode", decode, METH_VARARGS, "One round of a payload."},
    {"encode", encode, METH_VARARGS, "All rounds of a payload."},
    {"find_lag", find_lag, METH_VARARGS, "The lags at which pasts repeat themselves."},
    {"refinement_features", refinement_features, METH_VARARGS, "What the network of a later nested module sees."},
    {"refinement_rows", refinement_rows, METH_VARARGS, "Which PMF rows its outputs choose."},
    {"synthesise", synthesise, METH_VARARGS, "The filter 1/A(z)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_loops", "The loops of the codec, in C.", -1, methods};

PyMODINIT_FUNC PyInit__loops(void)
{
    return PyModule_Create(&module);
}
