//! Regions and scopes against a look at every address: the last octet of an IPv4 network stands for the whole address space.

use gslb_answer::region::Partition;

fn mix(n: u64) -> u64 {
    let z = (n ^ n >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB) ^ z >> 31
}

/// Random runs of 8-bit addresses, spread over the first octet of IPv4.
fn partition(seed: u64) -> (Vec<u32>, Vec<u16>) {
    let mut starts: Vec<u32> = (0..mix(seed) % 40).map(|n| (mix(seed << 8 | n) as u32 & 0xFF) << 24).collect();
    starts.push(0);
    starts.sort_unstable();
    starts.dedup();
    let mut regions: Vec<u16> = Vec::new();
    for (n, _) in starts.iter().enumerate() {
        let other = mix(seed ^ (n as u64) << 32) as u16 % 5;
        regions.push(if regions.last() == Some(&other) { other + 5 } else { other }); // neighbours differ
    }
    (starts, regions)
}

#[test]
fn every_address_has_the_region_of_its_run() {
    for seed in 0..200 {
        let (starts, regions) = partition(seed);
        let table = Partition::new((starts.clone(), regions.clone()), (vec![0], vec![0]), 32, 128);
        for octet in 0..=255u8 {
            let address = u32::from(octet) << 24 | 12345;
            let run = starts.iter().rposition(|&start| start <= address).unwrap();
            assert_eq!(table.of_client(&address.to_be_bytes()), regions[run]);
            let mut mapped = [0; 16];
            mapped[10..12].copy_from_slice(&[0xFF, 0xFF]);
            mapped[12..].copy_from_slice(&address.to_be_bytes());
            assert_eq!(table.of_client(&mapped), regions[run]);
        }
    }
}
