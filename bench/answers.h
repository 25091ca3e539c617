/* What the provider of the benchmarks says, in each dialect: see answers.c. */
#ifndef ANSWERS_H
#define ANSWERS_H
#include <stddef.h>

/* All of them write to `o`, end it with a zero, and return how many bytes they wrote; an event is one HTTP chunk. */
typedef struct {
    const char *path;                                          /* stands in the target of its requests, streamed */
    const char *whole_path;                                    /* and not; NULL where the body says which it is */
    const char *stream_type;
    size_t (*first)(char *o);                                  /* what comes before the text */
    size_t (*content)(char *o, const char *text, long turn);   /* event number `turn`, from 0 */
    size_t (*last)(char *o, long n);                           /* what comes after `n` pieces of text */
    int (*whole)(char *o, const char *text);                   /* a body, not a chunk */
} dialect_t;

/* The dialect of a request for the `n` bytes of `target`; *streamed is left alone where the body says it. */
const dialect_t *dialect_of(const char *target, size_t n, int *streamed);
#endif
