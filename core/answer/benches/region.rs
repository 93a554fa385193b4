//! Look-ups of a region in IPv4 runs: the flat array with its table of buckets that the engine uses, a plain binary search, and a
//! trie of 8 bits a level (what a longest-prefix match often is): `cargo bench -p gslb-answer --bench region`.

use std::hint::black_box;
use std::time::Instant;

use gslb_answer::region::Partition;

const ROUNDS: u32 = 10_000_000;

fn main() {
    println!("{:>10} {:>12} {:>12} {:>12}   ns a look-up, random addresses", "runs", "buckets", "bisect", "trie");
    for runs in [1_000, 30_000, 300_000, 1_000_000] {
        let mut starts: Vec<u32> = (0..runs).map(|n| mix(n) & !(0xFFu32 >> (mix(n + 7) % 9))).collect(); // boundaries of /24 to /32
        starts.push(0);
        starts.sort_unstable();
        starts.dedup();
        let regions: Vec<u16> = (0..starts.len() as u32).map(|n| (mix(n) % 267) as u16).collect();
        let trie = Trie::new(&starts, &regions);
        let partition = Partition::new((starts.clone(), regions.clone()), (vec![0], vec![0]), 32, 56);
        let bisect = |address: u32| regions[starts.partition_point(|&start| start <= address) - 1];
        for n in 0..10_000 {
            let address = mix(n ^ 0xABCD);
            assert_eq!(partition.of_client(&address.to_be_bytes()), bisect(address));
            assert_eq!(trie.find(address), bisect(address));
        }
        let flat = time(|address| partition.of_client(&address.to_be_bytes()));
        println!("{:>10} {flat:>12.1} {:>12.1} {:>12.1}", starts.len(), time(bisect), time(|address| trie.find(address)));
    }
}

fn time(find: impl Fn(u32) -> u16) -> f64 {
    let start = Instant::now();
    let mut sum = 0u32;
    for n in 0..ROUNDS {
        sum = sum.wrapping_add(u32::from(find(black_box(mix(n)))));
    }
    black_box(sum);
    start.elapsed().as_nanos() as f64 / f64::from(ROUNDS)
}

/// Nodes of 256 cells: a region, or with the top bit set the number of the node below.
struct Trie {
    nodes: Vec<[u32; 256]>,
}

const BELOW: u32 = 1 << 31;

impl Trie {
    fn new(starts: &[u32], regions: &[u16]) -> Self {
        let mut trie = Self { nodes: vec![[0; 256]] };
        for (i, &start) in starts.iter().enumerate() {
            let last = starts.get(i + 1).map_or(u32::MAX, |next| next - 1);
            trie.fill(0, 24, 0, u64::from(start), u64::from(last), regions[i].into());
        }
        trie
    }

    fn fill(&mut self, node: usize, shift: u32, base: u64, first: u64, last: u64, region: u32) {
        let size = 1u64 << shift;
        let from = first.saturating_sub(base) / size;
        for cell in from..256 {
            let (low, high) = (base + cell * size, base + (cell + 1) * size - 1);
            if low > last {
                break;
            }
            if first <= low && high <= last {
                self.nodes[node][cell as usize] = region;
                continue;
            }
            let mut below = self.nodes[node][cell as usize];
            if below & BELOW == 0 {
                self.nodes.push([below; 256]);
                below = BELOW | (self.nodes.len() - 1) as u32;
                self.nodes[node][cell as usize] = below;
            }
            self.fill((below & !BELOW) as usize, shift - 8, low, first, last, region);
        }
    }

    fn find(&self, address: u32) -> u16 {
        let mut node = 0;
        for octet in address.to_be_bytes() {
            let cell = self.nodes[node][usize::from(octet)];
            if cell & BELOW == 0 {
                return cell as u16;
            }
            node = (cell & !BELOW) as usize;
        }
        unreachable!("the last level holds regions")
    }
}

fn mix(n: u32) -> u32 {
    let z = n.wrapping_mul(0x9E37_79B1);
    (z ^ z >> 15).wrapping_mul(0x85EB_CA77) ^ z >> 13
}
