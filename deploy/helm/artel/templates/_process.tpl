{{/* The Deployment of `artel api` or `artel worker`: (dict "root" . "component" "api" "values" .Values.api "portName" "http" "port" 8000) */}}
{{- define "artel.deployment" -}}
{{- $root := .root }}
{{- $scaled := $root.Values.autoscaling.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "artel.fullname" $root }}-{{ .component }}
  labels:
    {{- include "artel.labels" . | nindent 4 }}
spec:
  {{- if not $scaled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels:
      {{- include "artel.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "artel.labels" . | nindent 8 }}
      {{- with .values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "artel.serviceAccount" $root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      # Leaving the balancers, draining, ten seconds for requests that are under way, and some to close the stores.
      terminationGracePeriodSeconds: {{ add $root.Values.preStopSeconds $root.Values.drainSeconds 20 }}
      securityContext:
        {{- include "artel.podSecurity" (dict "user" 10001 "group" 10001) | nindent 8 }}
      topologySpreadConstraints:
        {{- include "artel.spread" . | trim | nindent 8 }}
      {{- if $root.Release.IsInstall }}
      # At the first install nothing else holds the pods back until the schema is there.
      initContainers:
        - name: wait-for-schema
          image: {{ include "artel.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: [sh, -c, "until artel user list >/dev/null 2>&1; do sleep 2; done"]
          env:
            {{- include "artel.env" $root | nindent 12 }}
          resources:
            {{- toYaml $root.Values.migration.resources | nindent 12 }}
          securityContext:
            {{- include "artel.containerSecurity" . | nindent 12 }}
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "artel.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [{{ .component }}]
          ports:
            - { name: {{ .portName }}, containerPort: {{ .port }} }
          env:
            {{- if eq .component "worker" }}
            - name: ARTEL_METRICS_PORT
              value: {{ .port | quote }}
            {{- end }}
            {{- include "artel.env" $root | nindent 12 }}
            {{- with .values.env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- with $root.Values.models.existingSecret }}
          envFrom:
            - secretRef: { name: {{ . }} }
          {{- end }}
          lifecycle:
            preStop:
              exec: { command: [sleep, {{ $root.Values.preStopSeconds | quote }}] }
          startupProbe:
            httpGet: { path: /healthz, port: {{ .portName }} }
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /healthz, port: {{ .portName }} }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /readyz, port: {{ .portName }} }
            periodSeconds: 5
            timeoutSeconds: 5
            failureThreshold: 2
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          securityContext:
            {{- include "artel.containerSecurity" . | nindent 12 }}
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
      volumes:
        - name: tmp
          emptyDir: { sizeLimit: 1Gi }
      {{- with .values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
