//! Any octets as a packet, against worlds of the reference: no panic, and what is sent back is a whole message within its bounds.
#![no_main]

use std::cell::RefCell;

use gslb_fuzz::case::Case;
use gslb_fuzz::reference::{Reference, Worlds};
use gslb_fuzz::reply;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static WORLDS: RefCell<Worlds> = RefCell::new(Worlds::load(&mut Reference::start()));
}

fuzz_target!(|octets: &[u8]| {
    let Some(case) = Case::read(octets) else { return };
    WORLDS.with_borrow_mut(|worlds| {
        if let (answer::Outcome::Reply { .. }, wire) = worlds.answer(&case) {
            reply::check(case.query, &case.env, wire);
        }
    });
});
