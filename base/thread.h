// What the system is told of a thread.
#pragma once

namespace tokenbroker {

// The name that tools show for the calling thread; at most 15 characters.
void NameThisThread(const char* name);

// Asks the scheduler to let the calling thread run soon after it wakes, for a short while: for a thread that others
// wait for and that itself mostly waits for the disk. A hint (Linux 6.12 and later: a short slice, see
// sched_setattr(2)); without it, on a machine that is busy, such a thread stands in line for whole slices of others, 3
// ms each.
void RunThisThreadPromptly();

}  // namespace tokenbroker
