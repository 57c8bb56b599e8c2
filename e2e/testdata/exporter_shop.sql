CREATE TABLE orders (status text NOT NULL, euros numeric NOT NULL);
INSERT INTO orders VALUES ('new', 10), ('new', 2.5), ('paid', 100);
CREATE TABLE stock (item text PRIMARY KEY, amount int NOT NULL);
INSERT INTO stock VALUES ('tea', 3), ('coffee', 7);
