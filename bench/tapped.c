// A reader of dnstap that does nothing with it: the receiver's side of Frame Streams on a unix socket, one connection after the other.
//
//     tapped PATH
//
// Built and run by `observe.py`. When its standard input ends it prints what it has read: connections=N frames=N octets=N.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ACCEPT = 1, START, STOP, READY, FINISH };

static const char TYPE[] = "protobuf:dnstap.Dnstap";
static uint8_t buffer[1 << 20];
static unsigned long connections, frames, octets;

static void say(int sock, uint32_t kind, int typed) {
    uint32_t size = typed ? 12 + sizeof TYPE - 1 : 4;
    uint32_t words[5] = {0, htonl(size), htonl(kind), htonl(1), htonl(sizeof TYPE - 1)};
    uint8_t frame[20 + sizeof TYPE];
    memcpy(frame, words, sizeof words);
    memcpy(frame + sizeof words, TYPE, sizeof TYPE - 1);
    if (send(sock, frame, 8 + size, MSG_NOSIGNAL) < 0) perror("send");
}

// Reads a connection until it ends or `stop` can be read; frames may lie across reads.
static void serve(int sock, int stop) {
    size_t held = 0;
    connections++;
    for (;;) {
        struct pollfd wait[2] = {{sock, POLLIN, 0}, {stop, POLLIN, 0}};
        poll(wait, 2, -1);
        if (wait[1].revents) return;
        ssize_t got = recv(sock, buffer + held, sizeof buffer - held, 0);
        if (got <= 0) return;
        held += got;
        size_t at = 0;
        while (held - at >= 8) {
            uint32_t size = ntohl(*(uint32_t *)(buffer + at)), control = 0;
            if (size == 0) {
                size = 4 + ntohl(*(uint32_t *)(buffer + at + 4));
                if (held - at < 12) break;
                control = ntohl(*(uint32_t *)(buffer + at + 8));
            }
            if (held - at < 4 + size) break;
            if (control == READY) say(sock, ACCEPT, 1);
            if (control == STOP) {
                say(sock, FINISH, 0);
                return;
            }
            if (!control) frames++, octets += 4 + size;
            at += 4 + size;
        }
        memmove(buffer, buffer + at, held - at);
        held -= at;
    }
}

int main(int count, char **words) {
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (count != 2) return 2;
    strncpy(where.sun_path, words[1], sizeof where.sun_path - 1);
    unlink(where.sun_path);
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&where, sizeof where) || listen(server, 8)) {
        perror(words[1]);
        return 1;
    }
    for (;;) {
        struct pollfd wait[2] = {{server, POLLIN, 0}, {0, POLLIN, 0}};
        poll(wait, 2, -1);
        if (wait[1].revents) break;
        int sock = accept(server, NULL, NULL);
        if (sock < 0) continue;
        serve(sock, 0);
        close(sock);
    }
    printf("connections=%lu frames=%lu octets=%lu\n", connections, frames, octets);
    return 0;
}
