# The datasets of the platform's shared project, by their names there. Termtide makes the tables in them: it knows
# their columns, and refuses datasets that don't carry the label.
locals {
  datasets = [
    "context_store_entity",
    "context_store_keymap",
    "event_store",
    "mart_course_offering",
    "mart_course_section",
    "mart_general",
    "mart_helper",
    "mart_student_activity_score",
    "mart_student_activity_score_rolling",
    "mart_taskforce",
    "mart_taskforce_rolling",
    "termtide_meta",
    "udp_distributions",
  ]
  # Written by Google: https://cloud.google.com/pubsub/docs/bigquery
  raw_columns = [
    { name = "subscription_name", type = "STRING", mode = "NULLABLE" },
    { name = "message_id", type = "STRING", mode = "NULLABLE" },
    { name = "publish_time", type = "TIMESTAMP", mode = "NULLABLE" },
    { name = "data", type = "STRING", mode = "NULLABLE" },
    { name = "attributes", type = "STRING", mode = "NULLABLE" },
  ]
  raw_table = "`${var.project}.${var.prefix}event_store_raw.raw`"
  # The view that Termtide ships, over this table alone and with this project's keymaps.
  raw_view = replace(
    replace(
      replace(
        file("${path.module}/../../schemas/raw/expanded.sql"),
        "raw.documents", "(SELECT CAST(NULL AS STRING) AS event LIMIT 0)"
      ),
      "raw.messages", local.raw_table
    ),
    "context_store_", "`${var.project}`.${var.prefix}context_store_"
  )
}

resource "google_bigquery_dataset" "udp" {
  for_each = toset(local.datasets)

  dataset_id    = "${var.prefix}${each.value}"
  friendly_name = each.value
  description   = "${each.value} of the Unizin Data Platform. Synthetic data made by Termtide: no real person, course or event."
  location      = var.location
  labels        = local.labels

  # Tables in it are Termtide's: `termtide drop` removes them, and then this can go.
  delete_contents_on_destroy = false

  depends_on = [google_project_service.all]
}

resource "google_bigquery_dataset" "raw" {
  dataset_id    = "${var.prefix}event_store_raw"
  friendly_name = "event_store_raw"
  description   = "Messages of Termtide's stream as they came. Synthetic: no real person, course or event."
  location      = var.location
  labels        = local.labels

  # A demo's stream is not kept for ever.
  default_partition_expiration_ms = 180 * 24 * 60 * 60 * 1000
  delete_contents_on_destroy      = true

  depends_on = [google_project_service.all]
}

resource "google_bigquery_table" "raw" {
  dataset_id  = google_bigquery_dataset.raw.dataset_id
  table_id    = "raw"
  description = "One row a message: data, attributes, and when Pub/Sub had it. At least once: event_id repeats for a repeat."
  labels      = local.labels
  schema      = jsonencode(local.raw_columns)
  # The view over it reads all of it.
  require_partition_filter = false
  deletion_protection      = false

  time_partitioning {
    type  = "DAY"
    field = "publish_time"
  }
}

# BigQuery checks a view when it is made: the keymaps have to be there.
resource "google_bigquery_table" "expanded" {
  count = var.stream_view ? 1 : 0

  dataset_id          = google_bigquery_dataset.raw.dataset_id
  table_id            = "expanded"
  description         = "The stream's events with the columns of event_store.expanded, each once."
  labels              = local.labels
  deletion_protection = false

  view {
    query          = local.raw_view
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.raw]
}
