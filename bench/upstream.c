/* The provider that the benchmarks talk to: OpenAI's wire format, as fast as one thread can.  Linux, epoll.
 *
 *   cc -O2 -o upstream upstream.c && ./upstream PORT
 *
 * What a request asks for stands in its prompt, so it survives any gateway:
 *   [[mock size=1000]]            non-stream answer of about `size` bytes
 *   [[mock n=100 pace=20000]]     with "stream":true: n content chunks, one every `pace` us
 *                                 (pace=0: all at once, in one write)
 * Each paced chunk's content is "t=<CLOCK_MONOTONIC ns> ", taken just before the write.
 * Every SSE event is one HTTP chunk, as model servers send them.  GET answers 200.
 */
#define _GNU_SOURCE
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

/* ---- bodies, cached by size ---- */
#define CACHE 16
static struct { long key; char *p; size_t n; } cache[2][CACHE];
static const char HEAD[] = "data: {\"id\":\"chatcmpl-mock0123456789\",\"object\":\"chat.completion.chunk\","
    "\"created\":1700000000,\"model\":\"mock-model\",\"system_fingerprint\":\"fp_mock\",";
static size_t event(char *o, const char *tail) {           /* one SSE event as one HTTP chunk */
    size_t n = strlen(HEAD) + strlen(tail) + 2;
    return sprintf(o, "%zx\r\n%s%s\n\n\r\n", n, HEAD, tail);
}
static size_t content_event(char *o, const char *text) {
    char t[256];
    snprintf(t, sizeof t, "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"},\"logprobs\":null,\"finish_reason\":null}]}", text);
    return event(o, t);
}
static size_t first_event(char *o) {
    return event(o, "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}");
}
static size_t last_events(char *o, int n) {
    char t[256]; size_t k = event(o, "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}");
    snprintf(t, sizeof t, "\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":%d,\"total_tokens\":%d}}", n, n + 9);
    k += event(o + k, t);
    k += sprintf(o + k, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
    return k;
}
static const char SSE_HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    "Cache-Control: no-cache\r\nx-request-id: req_mock\r\nTransfer-Encoding: chunked\r\n\r\n";

static void json_body(long size, char **p, size_t *n) {
    for (int i = 0; i < CACHE; i++) if (cache[0][i].p && cache[0][i].key == size) { *p = cache[0][i].p; *n = cache[0][i].n; return; }
    long pad = size > 420 ? size - 420 : 10;
    char *b = malloc(size + 2048), *text = malloc(pad + 1);
    for (long i = 0; i < pad; i++) text[i] = (i % 6 == 5) ? ' ' : 'a' + i % 23;
    text[pad] = 0;
    char *body = malloc(size + 1024);
    int bl = sprintf(body, "{\"id\":\"chatcmpl-mock0123456789\",\"object\":\"chat.completion\",\"created\":1700000000,"
        "\"model\":\"mock-model\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null},"
        "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21,"
        "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0}},\"system_fingerprint\":\"fp_mock\"}", text);
    *n = sprintf(b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_mock\r\nContent-Length: %d\r\n\r\n%s", bl, body);
    free(body); free(text); *p = b;
    for (int i = 0; i < CACHE; i++) if (!cache[0][i].p) { cache[0][i].key = size; cache[0][i].p = b; cache[0][i].n = *n; break; }
}
static void burst_body(long k, char **p, size_t *n) {
    for (int i = 0; i < CACHE; i++) if (cache[1][i].p && cache[1][i].key == k) { *p = cache[1][i].p; *n = cache[1][i].n; return; }
    char *b = malloc(k * 320 + 4096); size_t o = sprintf(b, "%s", SSE_HEAD);
    o += first_event(b + o);
    for (long i = 0; i < k; i++) o += content_event(b + o, " token");
    o += last_events(b + o, k);
    *p = b; *n = o;
    for (int i = 0; i < CACHE; i++) if (!cache[1][i].p) { cache[1][i].key = k; cache[1][i].p = b; cache[1][i].n = o; break; }
}

/* ---- requests ---- */
static long field(const char *m, const char *end, const char *name, long dflt) {
    char key[32]; int kl = snprintf(key, sizeof key, " %s=", name);
    const char *f = memmem(m, end - m, key, kl);
    return f ? strtol(f + kl, NULL, 10) : dflt;
}
static int answer(int fd, const char *body, size_t len) {
    char *p; size_t n;
    const char *m = memmem(body, len, "[[mock", 6), *e = m ? memmem(m, body + len - m, "]]", 2) : NULL;
    if (!e) m = NULL;
    int stream = memmem(body, len, "\"stream\":true", 13) || memmem(body, len, "\"stream\": true", 14);
    if (!stream) { json_body(m ? field(m, e, "size", 1000) : 1000, &p, &n); return put(fd, p, n); }
    long k = m ? field(m, e, "n", 100) : 100, pace = m ? field(m, e, "pace", 0) : 0;
    if (!pace) { burst_body(k, &p, &n); return put(fd, p, n); }
    conn_t *c = &conns[fd];
    c->stream_left = k; c->stream_total = k; c->pace_ns = pace * 1000ull; c->due = now_ns();
    heap_add(fd);
    return 0;
}
static void tick(void) {
    uint64_t t = now_ns(); char b[2048], s[64];
    while (heap_n && conns[heap[0]].due <= t) {
        int fd = heap[0]; conn_t *c = &conns[fd]; size_t o = 0;
        if (c->stream_left == c->stream_total) { o = sprintf(b, "%s", SSE_HEAD); o += first_event(b + o); }
        snprintf(s, sizeof s, "t=%llu ", (unsigned long long)now_ns());
        o += content_event(b + o, s);
        if (--c->stream_left == 0) { o += last_events(b + o, c->stream_total); heap_del(fd); }
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
