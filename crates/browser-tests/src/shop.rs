//! The merchant's shop, to which the customer returns: a page on loopback that says where one is.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// A shop that answers until the test ends.
pub struct Shop {
    address: SocketAddr,
}

impl Shop {
    /// Opens it on a free port.
    pub fn open() -> Self {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = door.local_addr().unwrap();
        std::thread::spawn(move || {
            for visitor in door.incoming().flatten() {
                std::thread::spawn(move || answer(visitor));
            }
        });
        Self { address }
    }

    /// An address in the shop, with a query that must arrive unchanged.
    pub fn page(&self, name: &str) -> String {
        format!("http://{}/{name}?order=7&paid=%C3%A9", self.address)
    }
}

fn answer(mut visitor: TcpStream) {
    let mut request = BufReader::new(visitor.try_clone().unwrap());
    let mut line = String::from("-");
    while !line.trim_end().is_empty() {
        line.clear();
        if request.read_line(&mut line).is_err() {
            return;
        }
    }
    let page = "<!doctype html><title>Shop</title><p>Shop";
    let _ = write!(
        visitor,
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
}
