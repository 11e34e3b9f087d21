"""From integer columns to Caliper JSON and to the nested columns of event_store.expanded."""
