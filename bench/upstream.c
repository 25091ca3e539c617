/* The provider that the benchmarks talk to, as fast as one thread can.  Linux, epoll.
 *
 *   cc -O2 -o upstream upstream.c answers.c && ./upstream PORT
 *
 * The path of a request says in which dialect it is answered: see answers.c.
 * What a request asks for stands in its prompt, so it survives any gateway:
 *   [[mock size=1000]]            non-stream answer of about `size` bytes
 *   [[mock n=100 pace=20000]]     streamed: n pieces of text, one every `pace` us (pace=0: all at once, in one write)
 * Each paced piece is "t=<CLOCK_MONOTONIC ns> ", taken just before the write.
 * Every event is one HTTP chunk, as model servers send them.  GET answers 200.
 */
#define _GNU_SOURCE
#include "answers.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAXFD 65536
#define IBUF0 16384

typedef struct {
    char *in; size_t inlen, incap;
    char *out; size_t outlen, outoff, outcap;
    int active, closing, stream_left, stream_total, heap_pos, want_write;
    uint64_t pace_ns, due;
    const dialect_t *dialect;
} conn_t;

static conn_t conns[MAXFD];
static int ep, heap[MAXFD], heap_n;

static uint64_t now_ns(void) {
    struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* ---- timer heap ---- */
static int less(int a, int b) { return conns[heap[a]].due < conns[heap[b]].due; }
static void swp(int a, int b) {
    int t = heap[a]; heap[a] = heap[b]; heap[b] = t;
    conns[heap[a]].heap_pos = a; conns[heap[b]].heap_pos = b;
}
static void up(int i) { while (i && less(i, (i - 1) / 2)) { swp(i, (i - 1) / 2); i = (i - 1) / 2; } }
static void down(int i) {
    for (;;) {
        int m = i, l = 2 * i + 1, r = l + 1;
        if (l < heap_n && less(l, m)) m = l;
        if (r < heap_n && less(r, m)) m = r;
        if (m == i) return;
        swp(i, m); i = m;
    }
}
static void heap_add(int fd) { conns[fd].heap_pos = heap_n; heap[heap_n++] = fd; up(heap_n - 1); }
static void heap_del(int fd) {
    int i = conns[fd].heap_pos;
    if (i < 0) return;
    conns[fd].heap_pos = -1;
    if (i == --heap_n) return;
    heap[i] = heap[heap_n]; conns[heap[i]].heap_pos = i; up(i); down(i);
}

/* ---- output ---- */
static void close_conn(int fd) {
    conn_t *c = &conns[fd];
    heap_del(fd);
    free(c->in); free(c->out);
    memset(c, 0, sizeof *c); c->heap_pos = -1;
    close(fd);
}
static void want(int fd, int w) {
    conn_t *c = &conns[fd];
    if (c->want_write == w) return;
    struct epoll_event e = {.events = EPOLLIN | (w ? EPOLLOUT : 0), .data.fd = fd};
    epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e); c->want_write = w;
}
static int flush_out(int fd) {
    conn_t *c = &conns[fd];
    while (c->outoff < c->outlen) {
        ssize_t n = send(fd, c->out + c->outoff, c->outlen - c->outoff, MSG_NOSIGNAL);
        if (n < 0) { if (errno == EAGAIN) { want(fd, 1); return 0; } close_conn(fd); return -1; }
        c->outoff += n;
    }
    c->outoff = c->outlen = 0; want(fd, 0);
    return 0;
}
static int put(int fd, const char *p, size_t n) {
    conn_t *c = &conns[fd];
    if (c->outoff == c->outlen) {
        ssize_t w = send(fd, p, n, MSG_NOSIGNAL);
        if (w < 0) { if (errno != EAGAIN) { close_conn(fd); return -1; } w = 0; }
        p += w; n -= w;
        if (!n) return 0;
        c->outoff = c->outlen = 0;
    }
    if (c->outlen + n > c->outcap) { c->outcap = (c->outlen + n) * 2; c->out = realloc(c->out, c->outcap); }
    memcpy(c->out + c->outlen, p, n); c->outlen += n; want(fd, 1);
    return 0;
}

/* ---- bodies, cached by dialect and size ---- */
#define CACHE 64
#define LARGEST_EVENT 1024   /* with the padding of the most verbose dialect */
static struct { const dialect_t *dialect; int stream; long key; char *p; size_t n; } cache[CACHE];

static int cached(const dialect_t *d, int stream, long key, char **p, size_t *n) {
    for (int i = 0; i < CACHE; i++)
        if (cache[i].p && cache[i].dialect == d && cache[i].stream == stream && cache[i].key == key) {
            *p = cache[i].p; *n = cache[i].n;
            return 1;
        }
    return 0;
}
static void keep(const dialect_t *d, int stream, long key, char *p, size_t n) {
    for (int i = 0; i < CACHE; i++)
        if (!cache[i].p) { cache[i].dialect = d; cache[i].stream = stream; cache[i].key = key; cache[i].p = p; cache[i].n = n; return; }
}
static size_t stream_head(char *o, const dialect_t *d) {
    return sprintf(o, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nCache-Control: no-cache\r\nx-request-id: req_mock\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n", d->stream_type);
}
static void whole_body(const dialect_t *d, long size, char **p, size_t *n) {
    if (cached(d, 0, size, p, n)) return;
    long pad = size > 420 ? size - 420 : 10;
    char *b = malloc(pad + 4096), *text = malloc(pad + 1), *body = malloc(pad + 2048);
    for (long i = 0; i < pad; i++) text[i] = (i % 6 == 5) ? ' ' : 'a' + i % 23;
    text[pad] = 0;
    int bl = d->whole(body, text);
    *n = sprintf(b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_mock\r\nContent-Length: %d\r\n\r\n%s", bl, body);
    free(body); free(text);
    keep(d, 0, size, *p = b, *n);
}
static void burst_body(const dialect_t *d, long k, char **p, size_t *n) {
    if (cached(d, 1, k, p, n)) return;
    char *b = malloc(k * LARGEST_EVENT + 16384); size_t o = stream_head(b, d);
    o += d->first(b + o);
    for (long i = 0; i < k; i++) o += d->content(b + o, " token", i);
    o += d->last(b + o, k);
    keep(d, 1, k, *p = b, *n = o);
}

/* ---- requests ---- */
static long field(const char *m, const char *end, const char *name, long dflt) {
    char key[32]; int kl = snprintf(key, sizeof key, " %s=", name);
    const char *f = memmem(m, end - m, key, kl);
    return f ? strtol(f + kl, NULL, 10) : dflt;
}
static int answer(int fd, const char *body, size_t len) {
    char *p; size_t n;
    const char *target = conns[fd].in, *line = memchr(target, '\n', conns[fd].inlen);
    const char *m = memmem(body, len, "[[mock", 6), *e = m ? memmem(m, body + len - m, "]]", 2) : NULL;
    if (!e) m = NULL;
    int stream = memmem(body, len, "\"stream\":true", 13) || memmem(body, len, "\"stream\": true", 14);
    const dialect_t *d = dialect_of(target, line - target, &stream);
    if (!stream) { whole_body(d, m ? field(m, e, "size", 1000) : 1000, &p, &n); return put(fd, p, n); }
    long k = m ? field(m, e, "n", 100) : 100, pace = m ? field(m, e, "pace", 0) : 0;
    if (!pace) { burst_body(d, k, &p, &n); return put(fd, p, n); }
    conn_t *c = &conns[fd];
    c->dialect = d; c->stream_left = k; c->stream_total = k; c->pace_ns = pace * 1000ull; c->due = now_ns();
    heap_add(fd);
    return 0;
}
static void tick(void) {
    uint64_t t = now_ns(); char b[16384], s[64];
    while (heap_n && conns[heap[0]].due <= t) {
        int fd = heap[0]; conn_t *c = &conns[fd]; size_t o = 0; const dialect_t *d = c->dialect;
        if (c->stream_left == c->stream_total) { o = stream_head(b, d); o += d->first(b + o); }
        snprintf(s, sizeof s, "t=%llu ", (unsigned long long)now_ns());
        o += d->content(b + o, s, c->stream_total - c->stream_left);
        if (--c->stream_left == 0) { o += d->last(b + o, c->stream_total); heap_del(fd); }
        else { c->due += c->pace_ns; down(0); }
        put(fd, b, o);
        t = now_ns();
    }
}
static const char *hdr(const char *h, const char *end, const char *name) {
    size_t nl = strlen(name);
    for (const char *p = h; p < end;) {
        const char *q = memchr(p, '\n', end - p);
        if (!q) break;
        q++;
        if ((size_t)(end - q) > nl && !strncasecmp(q, name, nl) && q[nl] == ':') { q += nl + 1; while (*q == ' ') q++; return q; }
        p = q;
    }
    return NULL;
}
static void consume(int fd) {
    conn_t *c = &conns[fd];
    for (;;) {
        if (c->heap_pos >= 0) return;                         /* a paced stream is going out */
        char *he = c->inlen ? memmem(c->in, c->inlen, "\r\n\r\n", 4) : NULL;
        if (!he) return;
        size_t hl = he + 4 - c->in, total, bl = 0; char *body = he + 4;
        const char *v;
        if ((v = hdr(c->in, he + 2, "content-length"))) { bl = strtoul(v, NULL, 10); total = hl + bl; }
        else if ((v = hdr(c->in, he + 2, "transfer-encoding"))) {
            char *z = memmem(body, c->inlen - hl, "0\r\n\r\n", 5);
            if (!z) return;
            total = z + 5 - c->in; bl = z - body;
        } else total = hl;
        if (c->inlen < total) {
            v = hdr(c->in, he + 2, "expect");
            if (v && !c->closing) { c->closing = 2; if (put(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25)) return; }
            return;
        }
        c->closing = 0;
        int r;
        if (!memcmp(c->in, "POST", 4)) r = answer(fd, body, bl);
        else {
            static const char g[] = "{\"object\":\"list\",\"status\":\"ok\",\"data\":[{\"id\":\"mock-model\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"mock\"}]}";
            char b[512]; int n = sprintf(b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", sizeof g - 1, g);
            r = put(fd, b, n);
        }
        if (r) return;
        memmove(c->in, c->in + total, c->inlen - total); c->inlen -= total;
    }
}

/* ---- connections ---- */
static int listen_on(int port) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (void *)&a, sizeof a) || listen(fd, 4096)) { perror("bind"); exit(1); }
    return fd;
}
static void watch(int fd) {
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}
static void accept_all(int listener) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAXFD) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        memset(&conns[fd], 0, sizeof conns[fd]);
        conns[fd].heap_pos = -1; conns[fd].active = 1;
        watch(fd);
    }
}
static void serve(int fd, uint32_t events) {
    conn_t *c = &conns[fd];
    if (!c->active) return;
    if ((events & EPOLLOUT) && flush_out(fd)) return;
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    if (c->incap - c->inlen < IBUF0) {
        c->incap = c->incap ? c->incap * 2 : IBUF0 * 2;
        c->in = realloc(c->in, c->incap);
    }
    ssize_t r = recv(fd, c->in + c->inlen, c->incap - c->inlen, 0);
    if (r == 0 || (r < 0 && errno != EAGAIN)) { close_conn(fd); return; }
    if (r > 0) { c->inlen += r; consume(fd); }
}
static struct timespec *until_due(struct timespec *t) {
    if (!heap_n) return NULL;
    uint64_t now = now_ns(), due = conns[heap[0]].due, left = due > now ? due - now : 0;
    t->tv_sec = left / 1000000000ull; t->tv_nsec = left % 1000000000ull;
    return t;
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < MAXFD; i++) conns[i].heap_pos = -1;
    int listener = listen_on(argc > 1 ? atoi(argv[1]) : 9000);
    struct epoll_event ev[512];
    struct timespec t;
    ep = epoll_create1(0);
    watch(listener);
    for (;;) {
        int n = epoll_pwait2(ep, ev, 512, until_due(&t), NULL);
        for (int i = 0; i < n; i++) {
            if (ev[i].data.fd == listener) accept_all(listener);
            else serve(ev[i].data.fd, ev[i].events);
        }
        if (heap_n) tick();
    }
}
