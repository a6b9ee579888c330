"""Small servers that answer like the products, over loopback sockets, and the one world they share."""
