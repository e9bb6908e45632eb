rpzFile('{{.List}}', { policyName = 'snowman' })
