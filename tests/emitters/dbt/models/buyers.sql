select id as customer_id, name
from {{ ref('raw_customers') }}
where id in (select customer_id from {{ ref('orders') }})
