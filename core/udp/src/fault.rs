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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn of_ten_panics_of_a_packet_thread_four_are_told_and_of_another_thread_all() {
        let told = Arc::new(AtomicU32::new(0));
        let (counter, before) = (told.clone(), panic::take_hook());
        panic::set_hook(Box::new(move |info| match thread::current().name() {
            Some("ours" | "other") => {
                counter.fetch_add(1, Ordering::Relaxed);
            }
            _ => before(info), // a test that runs beside this one
        }));
        let ten = |name: &str, begin: fn()| {
            let panics = move || {
                begin();
                (0..10).for_each(|_| assert!(panic::catch_unwind(|| panic!("told to")).is_err()));
            };
            thread::Builder::new().name(name.into()).spawn(panics).unwrap().join().unwrap();
            told.swap(0, Ordering::Relaxed)
        };
        assert_eq!(ten("ours", tell_few), 4); // the 1st, 2nd, 4th and 8th
        assert_eq!(ten("other", || {}), 10);
    }
}
