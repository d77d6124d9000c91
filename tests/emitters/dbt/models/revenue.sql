select c.id as customer_id, c.name, sum(o.amount) as revenue
from {{ ref('orders') }} as o
join {{ ref('raw_customers') }} as c on c.id = o.customer_id
group by 1, 2
