{{/* What every bundled store's StatefulSet shares, down to its container:
(dict "root" . "component" "valkey" "values" .Values.valkey "user" 999 "group" 1000 "port" 6379 "portName" "redis" "grace" 30
"env" "<yaml>" "run" "<yaml: command, args>" "ready" "<yaml of a probe's handler>" "data" "/data" "more" (dict "name" "path")) */}}
{{- define "artel.store" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "artel.fullname" .root }}-{{ .component }}
  labels:
    {{- include "artel.labels" . | nindent 4 }}
spec:
  selector:
    {{- include "artel.selector" . | nindent 4 }}
  ports:
    - { name: {{ .portName }}, port: {{ .port }}, targetPort: {{ .portName }}, protocol: TCP }
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ include "artel.fullname" .root }}-{{ .component }}
  labels:
    {{- include "artel.labels" . | nindent 4 }}
spec:
  serviceName: {{ include "artel.fullname" .root }}-{{ .component }}
  replicas: 1
  selector:
    matchLabels:
      {{- include "artel.selector" . | nindent 6 }}
  # The volumes stay, whatever becomes of the rest.
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: Retain }
  template:
    metadata:
      labels:
        {{- include "artel.labels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ include "artel.serviceAccount" .root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .grace }}
      securityContext:
        {{- include "artel.podSecurity" . | nindent 8 }}
      containers:
        - name: {{ .component }}
          image: {{ .values.image | quote }}
          {{- .run | nindent 10 }}
          ports:
            - { name: {{ .portName }}, containerPort: {{ .port }} }
          env:
            {{- .env | nindent 12 }}
          startupProbe:
            {{- .ready | nindent 12 }}
            periodSeconds: 2
            timeoutSeconds: 3
            failureThreshold: 90
          livenessProbe:
            tcpSocket: { port: {{ .portName }} }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            {{- .ready | nindent 12 }}
            periodSeconds: 5
            timeoutSeconds: 3
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          securityContext:
            {{- include "artel.containerSecurity" . | nindent 12 }}
          volumeMounts:
            - { name: data, mountPath: {{ .data }} }
            {{- range $name, $path := .more }}
            - { name: {{ $name }}, mountPath: {{ $path }} }
            {{- end }}
      {{- if .more }}
      volumes:
        {{- range $name, $path := .more }}
        - name: {{ $name }}
          emptyDir: {{ if eq $name "shm" }}{ medium: Memory, sizeLimit: 256Mi }{{ else }}{ sizeLimit: 64Mi }{{ end }}
        {{- end }}
      {{- end }}
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .values.storage.className }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests: { storage: {{ .values.storage.size }} }
{{- end }}
