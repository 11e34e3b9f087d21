output "topic" {
  description = "For `termtide stream --to`."
  value       = local.topic
}

output "warehouse" {
  description = "For `termtide backfill --to`."
  value       = local.warehouse
}

output "images" {
  description = "Where the image is pushed to."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}/termtide"
}

output "accounts" {
  description = "Who acts; none of them has a key."
  value = {
    stream   = google_service_account.stream.email
    load     = google_service_account.load.email
    schedule = google_service_account.schedule.email
  }
}
