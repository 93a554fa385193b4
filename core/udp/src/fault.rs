//! Panics of the packet threads: seen by the operator, but never a line per packet.

use std::cell::Cell;
use std::panic;
use std::sync::Once;

thread_local! {
    /// How many panics this thread has had; `None`: not one of ours.
    static FAULTS: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Makes panics of this thread count, from now on, and only the 1st, 2nd, 4th, 8th … be told.
///
/// Who has found a packet that panics can send it a million times. All other threads' panics are told as before.
pub(crate) fn tell_few() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |info| match FAULTS.get() {
            None => tell(info),
            Some(before) => {
                FAULTS.set(Some(before + 1));
                if (before + 1).is_power_of_two() {
                    tell(info);
                }
            }
        }));
    });
    FAULTS.set(Some(0));
}
