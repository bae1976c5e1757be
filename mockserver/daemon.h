#ifndef MOCK_DAEMON_H
#define MOCK_DAEMON_H

/*
 * The program tierlab-mockd, also as `tierlab mock`: reads its command line,
 * serves until SIGTERM or SIGINT, and returns its exit status: 0 done, 1
 * failed to run, 2 bad usage or input.  See mockserver/tierlab-mockd.1.
 */
int mock_daemon_main(int argc, char **argv);

#endif
