/* Devices of tests are folders: what stands in them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Up to so many bytes of a file. */
static size_t content(const char *folder, const char *name, void *into, size_t most) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    size_t size = fread(into, 1, most, file);
    fclose(file);
    return size;
}

/* The first time that it is called while there is `noise`. */
static void make_noise(void) {
    static int is_made;
    if (!fault("noise") || is_made++) return;
    printf("the maker says hello\n");
    fprintf(stderr, "the maker warns\n");
    fflush(NULL);
    if (!fork()) { sleep(30); _exit(0); }
}
