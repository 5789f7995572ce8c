#pragma once
// ncurses as Swift needs it: macros and variadic functions behind prefixed functions, and the signal handlers, which must not
// enter the Swift runtime.
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <stdint.h>

/// Reads the terminal's description from terminfo. Returns 1 when it is known and can place the cursor, 0 when it cannot, -1 when the name is
/// not known.
int cnc_probe(int descriptor);
/// Colours that terminfo promises for the probed terminal.
int cnc_colours(void);

/// Opens the screen on two descriptors: no echo, keys at once, keypad. Returns 0 on failure.
int cnc_open(int input, int output);
/// Leaves the screen as it was found.
void cnc_close(void);
/// A terminfo string of the probed terminal with numbers filled in, without a final zero. Returns its length; 0 where the terminal lacks it.
int cnc_capability(const char *name, int first, int second, char *buffer, int size);
/// Whether terminfo has a flag of the probed terminal.
int cnc_flag(const char *name);
/// Takes a new size.
void cnc_resize(int rows, int columns);
/// Gives the terminal back for a while.
void cnc_leave(void);
/// Takes the terminal's program modes again after the process was stopped, and clears the screen.
void cnc_retake(void);
void cnc_mouse(int on);

/// The next key without waiting. Returns -1: none; 0: a character in *value; 1: a key code in *value; 2: a paste begins; 3: a paste ends.
int cnc_key(int *value);
/// The mouse event behind KEY_MOUSE. Returns 0: none of ours; 1: left press; 2: wheel up; 3: wheel down; 4: left release; 5: left drag; 6, 7: right
/// press, drag; 8, 9: middle press, drag; 10, 11: wheel up, down with Ctrl.
int cnc_mouse_event(int *column, int *row);

/// From now on SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGTSTP and SIGCONT write their number as a byte to a descriptor.
void cnc_watch_signals(int descriptor);
/// Gives these signals back to the system.
void cnc_unwatch_signals(void);
/// Stops the process as SIGTSTP does by default; returns when it is continued.
void cnc_stop(void);

/// From now on a crash (SEGV, BUS, ILL, FPE, ABRT, TRAP, QUIT) restores the terminal's modes before the process dies.
void cnc_guard(int descriptor);
void cnc_unguard(void);
/// A crash also writes this, at most 63 bytes: what takes pictures off the terminal.
void cnc_guard_pictures(const char *text);
