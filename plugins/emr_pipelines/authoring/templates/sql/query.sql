-- Spark SQL over the views that run_query.py makes: orders and cities. Its first column is the label of the chart, its second the amount.
SELECT
  cities.country,
  round(sum(orders.amount), 2) AS amount,
  sum(orders.quantity) AS quantity,
  count(*) AS orders
FROM orders
JOIN cities ON cities.city = orders.city
GROUP BY cities.country
ORDER BY amount DESC
