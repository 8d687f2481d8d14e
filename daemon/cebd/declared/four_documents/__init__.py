"""The four documents of a purchase (order, payment, waybill, inventory list), compared by content before anything leaves."""
