/* Long-term prediction, `bitstream.ltp`, and payloads that use it, `bitstream.ltp_payload`. */

#include "network.h"
#include "range_decoder.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FRAME 320
#define MIN_LAG 32
#define MAX_LAG 320
#define WINDOW 160
#define HISTORY (MAX_LAG + WINDOW)
#define COARSE 3
#define MAX_CORRELATION 255
#define MAX_SAMPLE 4095
#define MAX_PREDICTION (MODULE_LIMIT * FRACTIONS)
#define SYNTHESIS_SHIFT 6
#define ANALYSIS_SHIFT 17
#define SIGNED_FACTOR 32
#define GATE_LIMIT 80

typedef struct {
    Py_buffer buffers[2];
    const int16_t *synthesis, *analysis; /* (2 hop, N) and (N, 2 hop): a row for each sum */
    Py_ssize_t hop, coded;
} Predictor;

static int read_predictor(PyObject *arrays, void *predictor)
{
    Predictor *p = predictor;
    Py_buffer *b = p->buffers;
    if (!PyArg_ParseTuple(arrays, "ny*y*", &p->hop, b, b + 1))
        return 0;
    p->synthesis = b[0].buf, p->analysis = b[1].buf;
    p->coded = p->hop > 0 ? b[0].len / 4 / p->hop : 0;
    if (p->hop <= 0 || FRAME % p->hop || p->coded < 1 || p->coded > p->hop || !is_size(b, 2 * p->hop * p->coded, 2)
        || b[1].len != b[0].len) {
        wrong_sizes();
        return 0;
    }
    return 1;
}

static int32_t product(const int16_t *x, const int16_t *y, int count)
{
    int32_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += (int32_t)x[i] * y[i];
    return sum;
}

static double score(int32_t correlation, double power_earlier, double power)
{
    double p = correlation > 0 ? correlation : 0;
    return floor(p * p / (power_earlier + floor(power / 32) + 1));
}

/* past (HISTORY,) -> lag; the correlation, 0 to 255. */
WIDEST static int find_lag(const int16_t *past, int16_t *correlation)
{
    int16_t fine[HISTORY], half[HISTORY / 2];
    for (int i = 0; i < HISTORY; i++)
        fine[i] = past[i] >> COARSE;
    for (int i = 0; i < HISTORY / 2; i++)
        half[i] = fine[2 * i] + fine[2 * i + 1];

    const int window = WINDOW / 2, last = (MAX_LAG - MIN_LAG) / 2;
    const int16_t *end = half + HISTORY / 2 - window;
    double power = product(end, end, window), best = -1;
    int32_t earlier = product(half, half, window);
    int longest = 0; /* the window's start, earliest first */
    for (int start = 0; start <= last; start++) {
        double found = score(product(end, half + start, window), earlier, power);
        if (found > best) {
            best = found;
            longest = start;
        }
        earlier += half[start + window] * half[start + window] - half[start] * half[start];
    }

    const int offsets[3] = {0, -1, 1}; /* of equal ones the first counts */
    int coarse = MAX_LAG - 2 * longest, lag = 0;
    end = fine + MAX_LAG;
    power = product(end, end, WINDOW);
    best = -1;
    for (int i = 0; i < 3; i++) {
        int now = coarse + offsets[i];
        now = now < MIN_LAG ? MIN_LAG : now > MAX_LAG ? MAX_LAG : now;
        const int16_t *there = fine + MAX_LAG - now;
        double found = score(product(end, there, WINDOW), product(there, there, WINDOW), power);
        if (found > best) {
            best = found;
            lag = now;
        }
    }
    double share = floor(MAX_CORRELATION * best / (power + 1));
    *correlation = (int16_t)(share < MAX_CORRELATION ? share : MAX_CORRELATION);
    return lag;
}

/* past (HISTORY,) -> predictions (N,), in eighths of a symbol; the correlation. */
static int16_t predict_one(const Predictor *p, const int16_t *past, int16_t *predictions)
{
    int16_t high[2 * FRAME], low[2 * FRAME], correlation; /* of the last period, again and again */
    int64_t high_sums[FRAME], low_sums[FRAME];
    int lag = find_lag(past, &correlation);
    for (int i = 0, place = 0; i < 2 * p->hop; i++, place = place + 1 < lag ? place + 1 : 0) {
        int16_t sample = past[HISTORY - lag + place];
        high[i] = sample >> 8, low[i] = sample & 255; /* as wide as `multiply` may see */
    }
    multiply(high, p->analysis, 2 * p->hop, p->coded, high_sums);
    multiply(low, p->analysis, 2 * p->hop, p->coded, low_sums);
    for (int i = 0; i < p->coded; i++) {
        int64_t sum = 256 * high_sums[i] + low_sums[i];
        predictions[i] = (int16_t)limited((sum + (1 << (ANALYSIS_SHIFT - 1))) >> ANALYSIS_SHIFT, MAX_PREDICTION);
    }
    return correlation;
}

/* predict(predictor, past, predictions, correlation)

   float64 (B, HISTORY), integers within +-4095, rows of which may overlap -> float64 (B, N), (B, 1). */
PyObject *predict(PyObject *self, PyObject *arguments)
{
    Predictor p = {0};
    Py_buffer b[2] = {0}, past = {0};
    PyObject *array, *result = NULL;
    if (!PyArg_ParseTuple(arguments, "O&Ow*w*", read_predictor, &p, &array, b, b + 1)
        || PyObject_GetBuffer(array, &past, PyBUF_STRIDES))
        goto end;
    Py_ssize_t count = past.ndim == 2 ? past.shape[0] : -1;
    if (past.itemsize != 8 || count < 0 || past.shape[1] != HISTORY || past.strides[1] != 8
        || !is_size(b, count * p.coded, 8) || !is_size(b + 1, count, 8)) {
        wrong_sizes();
        goto end;
    }
    double *predictions = b[0].buf, *correlation = b[1].buf;
    for (Py_ssize_t k = 0; k < count; k++) {
        const double *samples = (double *)((char *)past.buf + k * past.strides[0]);
        int16_t whole[HISTORY], predicted[FRAME];
        for (int i = 0; i < HISTORY; i++)
            whole[i] = (int16_t)(int32_t)samples[i];
        correlation[k] = predict_one(&p, whole, predicted);
        for (int i = 0; i < p.coded; i++)
            *predictions++ = predicted[i];
    }
    result = Py_NewRef(Py_None);
end:
    release(p.buffers, 2);
    release(b, 2);
    PyBuffer_Release(&past);
    return result;
}

typedef struct {
    Predictor predictor;
    const uint8_t *feature; /* (128,) */
    long long down;         /* scale indices */
    Py_ssize_t shared;      /* features that do not come from the module */
} Context;

static int decode_block(Decoder *d, int64_t code_frames, Network *n, const Context *c, const int16_t *shared,
                        const Table *table, int8_t *symbols)
{
    const Predictor *p = &c->predictor;
    int16_t past[HISTORY] = {0}, predictions[FRAME], last[FRAME] = {0};
    int64_t tail[FRAME] = {0}, parts[2 * FRAME];
    int32_t rows[FRAME], places[FRAME], centers[FRAME];
    const Py_ssize_t N = p->coded, hop = p->hop;
    int16_t *before = n->features, *older = before + N, *predicted = older + N, *with_sign = predicted + N;
    memset(before, 0, 2 * N * sizeof *before);
    for (int64_t k = 0; k < code_frames; k++, shared += c->shared, symbols += hop) {
        with_sign[N] = predict_one(p, past, predictions);
        memcpy(with_sign + N + 1, shared, c->shared * sizeof *shared);
        for (int i = 0; i < N; i++) {
            int size = predictions[i] < 0 ? -predictions[i] : predictions[i];
            predicted[i] = c->feature[size < MODULE_LIMIT ? size : MODULE_LIMIT];
            with_sign[i] = (int16_t)limited(SIGNED_FACTOR * last[i], FEATURE_LIMIT);
        }
        run(n);
        for (int i = 0; i < N; i++) {
            int64_t gate = within(n->sums[N + i], GATE_LIMIT + 1);
            int64_t mean = limited((gate * predictions[i] >> 6) + n->sums[2 * N + i], MAX_PREDICTION);
            centers[i] = (int32_t)(mean >> 3);
            rows[i] = (int32_t)(FRACTIONS * within(n->sums[i] - c->down, table->rows / FRACTIONS)
                                + (mean & (FRACTIONS - 1)));
        }
        if (decode_round(d, table, rows, N, MODULE_VALUES, places))
            return DAMAGED;
        memcpy(older, before, N * sizeof *before);
        for (int i = 0; i < N; i++) {
            int symbol = places[i] < table->alphabet ? from_zigzag(places[i]) + centers[i]
                                                     : from_zigzag(places[i] - table->alphabet);
            int size = symbol < 0 ? -symbol : symbol;
            if (size > MODULE_LIMIT)
                return IMPOSSIBLE;
            last[i] = (int16_t)symbol;
            symbols[i] = (int8_t)symbol;
            before[i] = c->feature[size];
        }
        multiply(last, p->synthesis, N, 2 * hop, parts); /* overlapping parts of the waveform */
        memmove(past, past + hop, (HISTORY - hop) * sizeof *past);
        for (int i = 0; i < hop; i++) {
            int64_t sample = (tail[i] + parts[i] + (1 << (SYNTHESIS_SHIFT - 1))) >> SYNTHESIS_SHIFT;
            past[HISTORY - hop + i] = (int16_t)limited(sample, MAX_SAMPLE);
            tail[i] = parts[hop + i];
        }
    }
    return 0;
}

/* decode_predicted(payloads, network, predictor, shared, feature, frequencies, down, symbols) -> 0, DAMAGED, IMPOSSIBLE

   predictor: (hop, synthesis, analysis); shared: int16 (B, K, S), what the network sees besides the module itself;
   feature: uint8 (128,); symbols: int8 (B, F, 320), where those that are sent are written. */
PyObject *decode_predicted(PyObject *self, PyObject *arguments)
{
    Payloads payloads = {0};
    Network n = {0};
    Context c = {0};
    Table table = {0};
    Py_buffer b[3] = {0}; /* shared, feature, symbols */
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(arguments, "O&O&O&y*y*O&Lw*", read_payloads, &payloads, read_network, &n, read_predictor,
                          &c.predictor, b, b + 1, read_table, &table, &c.down, b + 2))
        goto end;
    Py_ssize_t per_frame = FRAME / c.predictor.hop, all = payloads.blocks * payloads.frames;
    c.feature = b[1].buf;
    c.shared = n.inputs - 4 * c.predictor.coded - 1;
    if (c.shared < 0 || n.outputs != 3 * c.predictor.coded || table.rows % FRACTIONS || !table.rows
        || !is_size(b, all * per_frame * c.shared, 2) || !is_size(b + 1, MODULE_LIMIT + 1, 1)
        || !is_size(b + 2, all * FRAME, 1)) {
        wrong_sizes();
        goto end;
    }
    int status = 0;
    for (Py_ssize_t block = 0; !status && block < payloads.blocks; block++) {
        Decoder d = begin(&payloads, block);
        Py_ssize_t first = block * payloads.frames;
        status = decode_block(&d, payloads.counts[block] * per_frame, &n, &c,
                              (int16_t *)b[0].buf + first * per_frame * c.shared, &table,
                              (int8_t *)b[2].buf + first * FRAME);
    }
    result = PyLong_FromLong(status);
end:
    free_network(&n);
    free_payloads(&payloads, &table);
    release(c.predictor.buffers, 2);
    release(b, 3);
    return result;
}
