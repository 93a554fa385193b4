//! The same packet to this engine and to the Python reference: octets, counters and wanted rows are equal.
#![no_main]

use std::cell::RefCell;

use gslb_fuzz::case::Case;
use gslb_fuzz::reference::{Reference, Worlds};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static BOTH: RefCell<(Worlds, Reference)> = RefCell::new({
        let mut reference = Reference::start();
        (Worlds::load(&mut reference), reference)
    });
}

fuzz_target!(|octets: &[u8]| {
    let Some(case) = Case::read(octets) else { return };
    BOTH.with_borrow_mut(|(worlds, reference)| {
        let (ours, theirs) = (worlds.told(&case), reference.answer(&case));
        assert!(
            ours == theirs,
            "world {}, {:?}\nclient {:02x?}\nquery  {:02x?}\nnative {ours:02x?}\npython {theirs:02x?}",
            case.world,
            case.env,
            case.client,
            case.query
        );
    });
});
