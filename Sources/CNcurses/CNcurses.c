#include "CNcurses.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <termios.h>
#include <unistd.h>

// From <term.h>, whose macros take words such as `columns` away.
extern int setupterm(const char *name, int descriptor, int *error);
extern char *tiparm(const char *text, ...);

static SCREEN *screen;
// Keys are read from a pad: reading from a window would draw it.
static WINDOW *keys;
static FILE *input_file, *output_file;

int cnc_probe(int descriptor) {
    int error = 0;
    if (setupterm(NULL, descriptor, &error) != OK) return -1;
    const char *move = tigetstr("cup");
    return move != NULL && move != (const char *)-1;
}

int cnc_colours(void) { return tigetnum("colors"); }

// Bracketed paste: the terminal tells where a paste begins and ends. Terminals that know nothing of it ignore these.
static const char paste_on[] = "\033[?2004h";
static const char paste_off[] = "\033[?2004l";
enum { paste_begins = KEY_MAX + 1, paste_ends = KEY_MAX + 2 };

static void send_to_terminal(const char *text) {
    fputs(text, output_file);
    fflush(output_file);
}

int cnc_open(int input, int output) {
    input_file = fdopen(dup(input), "r");
    output_file = fdopen(dup(output), "w");
    if (input_file == NULL || output_file == NULL) return 0;
    screen = newterm(NULL, output_file, input_file);
    if (screen == NULL) return 0;
    set_term(screen);
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keys = newpad(1, 1);
    if (keys == NULL) return 0;
    keypad(keys, TRUE);
    nodelay(keys, TRUE);
    set_escdelay(25);
    define_key("\033[200~", paste_begins);
    define_key("\033[201~", paste_ends);
    curs_set(0);
    // An empty picture, which sets the terminal's modes; frames are written past ncurses.
    refresh();
    send_to_terminal(paste_on);
    return 1;
}

int cnc_capability(const char *name, int first, int second, char *buffer, int size) {
    const char *text = tigetstr(name);
    if (text == NULL || text == (const char *)-1) return 0;
    if (strchr(text, '%') != NULL) text = tiparm(text, first, second);
    if (text == NULL) return 0;
    int length = 0;
    for (; *text != 0; text++) {
        // Padding notes are for tputs and hardware of long ago.
        const char *end = text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;
        if (end != NULL) {
            text = end;
            continue;
        }
        if (length == size) return 0;
        buffer[length++] = *text;
    }
    return length;
}

int cnc_flag(const char *name) { return tigetflag(name) == 1; }

void cnc_resize(int rows, int columns) { resize_term(rows, columns); }

/// Gives the terminal back. One that has no other screen to return to keeps the picture, and the shell's prompt gets the last line to itself.
static void give_back(void) {
    char text[64];
    send_to_terminal(paste_off);
    if (cnc_capability("rmcup", 0, 0, text, sizeof text) == 0) {
        fwrite(text, 1, (size_t)cnc_capability("cup", LINES - 1, 0, text, sizeof text), output_file);
        fwrite(text, 1, (size_t)cnc_capability("el", 0, 0, text, sizeof text), output_file);
        fflush(output_file);
    }
    endwin();
}

void cnc_leave(void) { give_back(); }

void cnc_close(void) {
    if (screen == NULL) return;
    cnc_mouse(0);
    curs_set(1);
    give_back();
    delwin(keys);
    delscreen(screen);
    screen = NULL;
    fclose(input_file);
    fclose(output_file);
}

void cnc_retake(void) {
    reset_prog_mode();
    clearok(curscr, TRUE);
    refresh();
    send_to_terminal(paste_on);
}

// Motion while a button is held: terminals that know nothing of it ignore these.
static const char drag_on[] = "\033[?1002h";
static const char drag_off[] = "\033[?1002l";

void cnc_mouse(int on) {
    mmask_t wanted = BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON2_PRESSED | BUTTON2_RELEASED | BUTTON3_PRESSED | BUTTON3_RELEASED |
                     BUTTON4_PRESSED | BUTTON5_PRESSED | BUTTON_CTRL | REPORT_MOUSE_POSITION;
    mousemask(on ? wanted : 0, NULL);
    mouseinterval(0);
    doupdate();
    if (has_mouse()) send_to_terminal(on ? drag_on : drag_off);
}

int cnc_key(int *value) {
    wint_t found = 0;
    int kind = wget_wch(keys, &found);
    if (kind == ERR) return -1;
    *value = (int)found;
    if (kind == KEY_CODE_YES && (*value == paste_begins || *value == paste_ends)) return *value == paste_begins ? 2 : 3;
    return kind == KEY_CODE_YES ? 1 : 0;
}

int cnc_mouse_event(int *column, int *row) {
    static int held;
    MEVENT event;
    if (getmouse(&event) != OK) return 0;
    *column = event.x;
    *row = event.y;
    mmask_t state = event.bstate;
    if (state & BUTTON4_PRESSED) return state & BUTTON_CTRL ? 10 : 2;
    if (state & BUTTON5_PRESSED) return state & BUTTON_CTRL ? 11 : 3;
    if (state & REPORT_MOUSE_POSITION) return held == 1 ? 5 : held == 3 ? 7 : held == 2 ? 9 : 0;
    if (state & BUTTON1_PRESSED) { held = 1; return 1; }
    if (state & BUTTON3_PRESSED) { held = 3; return 6; }
    if (state & BUTTON2_PRESSED) { held = 2; return 8; }
    int was = held;
    held = 0;
    return state & BUTTON1_RELEASED || was == 1 ? 4 : 0;
}

// Signals. Everything below a handler is async-signal-safe: write, tcsetattr, sigaction, raise.

static const int watched[] = {SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT};
enum { watched_count = sizeof watched / sizeof *watched };
static struct sigaction watched_before[watched_count];
static volatile int signal_descriptor = -1;

static void tell(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe already holds enough to wake the loop.
    if (write(signal_descriptor, &byte, 1) < 0) {}
    errno = saved;
}

static void install(int number, struct sigaction *before) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = tell;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, before);
}

void cnc_watch_signals(int descriptor) {
    signal_descriptor = descriptor;
    for (int i = 0; i < watched_count; i++) install(watched[i], &watched_before[i]);
}

void cnc_unwatch_signals(void) {
    for (int i = 0; i < watched_count; i++) sigaction(watched[i], &watched_before[i], NULL);
    signal_descriptor = -1;
}

void cnc_stop(void) {
    signal(SIGTSTP, SIG_DFL);
    sigset_t only, before;
    sigemptyset(&only);
    sigaddset(&only, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &only, &before);
    raise(SIGTSTP);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    install(SIGTSTP, NULL);
}

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGQUIT};
enum { crash_count = sizeof crashes / sizeof *crashes };
static struct sigaction crashes_before[crash_count];
static struct termios modes_before;
static int guarded_descriptor = -1;
static char restore_text[256];
// Takes pictures away.
static char picture_text[64];
static size_t restore_length;
// A stack overflow leaves no room for a handler on the thread's own stack.
static char crash_stack[65536];

static void restore_and_die(int number) {
    if (guarded_descriptor >= 0) {
        size_t done = 0;
        if (picture_text[0] != 0 && write(guarded_descriptor, picture_text, strlen(picture_text)) < 0) {}
        while (done < restore_length) {
            ssize_t count = write(guarded_descriptor, restore_text + done, restore_length - done);
            if (count <= 0) break;
            done += (size_t)count;
        }
        tcsetattr(guarded_descriptor, TCSANOW, &modes_before);
        guarded_descriptor = -1;
    }
    // The handler that was there before (or the default) takes over once this one returns.
    for (int i = 0; i < crash_count; i++) {
        if (crashes[i] == number) sigaction(number, &crashes_before[i], NULL);
    }
    raise(number);
}

void cnc_guard_pictures(const char *text) { snprintf(picture_text, sizeof picture_text, "%s", text); }

/// Appends a terminfo string, without its padding notes ($<…>), which only tputs may send.
static void append_capability(const char *name) {
    const char *text = tigetstr(name);
    if (text == NULL || text == (const char *)-1) return;
    for (; *text != 0 && restore_length < sizeof restore_text - 1; text++) {
        const char *end = text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;
        if (end != NULL) {
            text = end;
            continue;
        }
        restore_text[restore_length++] = *text;
    }
}

void cnc_guard(int descriptor) {
    if (tcgetattr(descriptor, &modes_before) != 0) return;
    restore_length = 0;
    if (tigetstr("kmous") != NULL && tigetstr("kmous") != (const char *)-1) {
        static const char mouse_off[] = "\033[?1002l\033[?1006l\033[?1000l";
        memcpy(restore_text, mouse_off, sizeof mouse_off - 1);
        restore_length = sizeof mouse_off - 1;
    }
    memcpy(restore_text + restore_length, paste_off, sizeof paste_off - 1);
    restore_length += sizeof paste_off - 1;
    append_capability("sgr0");
    append_capability("rmkx");
    append_capability("cnorm");
    append_capability("rmcup");
    if (restore_length < sizeof restore_text) restore_text[restore_length++] = '\r';
    guarded_descriptor = descriptor;
    stack_t stack = {.ss_sp = crash_stack, .ss_size = sizeof crash_stack, .ss_flags = 0};
    sigaltstack(&stack, NULL);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = restore_and_die;
    action.sa_flags = SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < crash_count; i++) sigaction(crashes[i], &action, &crashes_before[i]);
}

void cnc_unguard(void) {
    if (guarded_descriptor < 0) return;
    guarded_descriptor = -1;
    for (int i = 0; i < crash_count; i++) sigaction(crashes[i], &crashes_before[i], NULL);
}
